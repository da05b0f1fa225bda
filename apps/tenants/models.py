"""Plan, Tenant, Domain, Provisioning, TenantKey, SupportAccess, OptionValue and FlagRule, all in the public schema."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from apps.core.links import address_of
from apps.core.models import UUIDModel
from apps.core.tenancy import public_context
from apps.tenants.querysets import SupportAccessQuerySet
from apps.tenants.types import Owner


class Plan(UUIDModel):
    """What organisations may use in a month or minute; an empty limit is none. Money is in US dollars."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    tokens_a_month = models.PositiveBigIntegerField(_("tokens a month"), null=True, blank=True)
    money_a_month = models.DecimalField(
        _("US dollars a month"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    requests_a_minute = models.PositiveIntegerField(
        _("API requests a minute"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    is_default = models.BooleanField(_("given to new organisations"), default=False)

    class Meta:
        ordering = ("name",)
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = (
            models.UniqueConstraint(
                fields=("is_default",), condition=models.Q(is_default=True), name="one_default_plan"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Tenant(UUIDModel, TenantMixin):
    """An organisation. Its rows live in the schema `schema_name`; while not ACTIVE it cannot be reached."""

    class State(models.TextChoices):
        PROVISIONING = "provisioning", _("Being set up")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    auto_create_schema = False
    auto_drop_schema = False

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=16, choices=State, default=State.PROVISIONING)
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="tenants", verbose_name=_("plan")
    )
    accent = models.CharField(_("colour"), max_length=7, blank=True, default="")
    logo_digest = models.CharField(max_length=16, blank=True, default="", editable=False)
    mail_sender = models.CharField(_("name of the sender of messages"), max_length=60, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def address(self, path: str = "/") -> str:
        """Return the full address of one of its pages, on its primary domain."""
        with public_context():
            return address_of(self.domains.values_list("domain", flat=True).get(is_primary=True), path)


class Logo(models.Model):
    """An organisation's logo as PNG; its digest stands on the organisation."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="logo")
    image = models.BinaryField()

    def __str__(self) -> str:
        return self.tenant.name


class Provisioning(models.Model):
    """A tenant that is still to be set up, and its first person; the row is gone once that is done."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True)
    owner_email = models.EmailField()
    owner_name = models.CharField(max_length=120)
    owner_password = models.CharField(max_length=128, blank=True)
    owner_language = models.CharField(max_length=8, blank=True)

    def __str__(self) -> str:
        return str(self.tenant)

    @property
    def owner(self) -> Owner:
        return Owner(self.owner_email, self.owner_name, self.owner_password, self.owner_language)


class Domain(UUIDModel, DomainMixin):
    """A host name (lower case, no port) that leads to one tenant."""

    class Meta:
        ordering = ("domain",)

    def __str__(self) -> str:
        return self.domain


class TenantKey(UUIDModel):
    """A data key that seals an organisation's secrets (the platform's, without one), wrapped: see core.credentials."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, related_name="+")
    wrapped = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at", "id")

    def __str__(self) -> str:
        return str(self.pk)


class SupportAccess(UUIDModel):
    """An organisation lets the platform's operators in, for a time and with the rights of one role, until it says otherwise."""

    class Role(models.TextChoices):
        AUDITOR = "auditor", _("Look at everything, change nothing")
        BUILDER = "builder", _("Look after agents and knowledge")

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="support_accesses", verbose_name=_("organisation")
    )
    role = models.CharField(_("may"), max_length=16, choices=Role)
    reason = models.CharField(_("reason"), max_length=300)
    given_by = models.CharField(_("given by"), max_length=254)
    created_at = models.DateTimeField(_("given"), auto_now_add=True)
    expires_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = SupportAccessQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("support access")
        verbose_name_plural = _("support accesses")

    def __str__(self) -> str:
        return self.reason

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and self.expires_at > timezone.now()


class OptionValue(models.Model):
    """An option set for a tenant, or for something inside it, named by its key."""

    class Level(models.TextChoices):
        TENANT = "tenant", _("Organisation")
        PROJECT = "project", _("Project")
        AGENT = "agent", _("Agent")
        RUN = "run", _("Run")

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    level = models.CharField(max_length=8, choices=Level)
    object_id = models.UUIDField()
    key = models.CharField(max_length=64)
    value = models.JSONField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tenant", "level", "object_id", "key"), name="option_set_once"),)

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"


class FlagRule(UUIDModel):
    """Who has a feature: a rule of the platform for one organisation or (without a tenant) for all, or an organisation's own."""

    flag = models.CharField(_("feature"), max_length=64)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("organisation")
    )
    is_own = models.BooleanField(_("set by the organisation itself"), default=False, editable=False)
    is_on = models.BooleanField(_("switched on"), default=True)
    roles = ArrayField(
        models.CharField(max_length=80),
        verbose_name=_("roles"),
        default=list,
        blank=True,
        help_text=_("None: for everybody."),
    )
    percentage = models.PositiveSmallIntegerField(
        _("per cent of the people"), default=100, validators=[MaxValueValidator(100)]
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        ordering = ("flag", "tenant__name")
        verbose_name = _("feature rule")
        verbose_name_plural = _("feature rules")
        constraints = (
            models.UniqueConstraint(fields=("flag", "tenant", "is_own"), name="flag_rule_once", nulls_distinct=False),
        )

    def __str__(self) -> str:
        return f"{self.flag}: {self.tenant or _('all organisations')}"

    def as_json(self) -> dict[str, object]:
        """Return what the rule says, for the audit."""
        return {"flag": self.flag, "is_on": self.is_on, "roles": self.roles, "percentage": self.percentage}
