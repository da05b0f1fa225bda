"""User, a person of one tenant, known by e-mail address; Role, what they may do; Invitation, how they come in;
TokenFamily, ApiKey and Program, how programs come in; AccessRequest, what somebody misses."""

import zoneinfo
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.querysets import (
    AccessRequestQuerySet,
    ApiKeyQuerySet,
    InvitationQuerySet,
    ProgramQuerySet,
    UserQuerySet,
)
from apps.core.models import UUIDModel

INVITATION_LIFE = timedelta(days=7)


def check_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("This is not the name of a time zone."))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person; without a password they can only come in through a reset."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(UUIDModel, AbstractBaseUser, PermissionsMixin):
    """A person, or an account for a program. Of what is open to everybody in the organisation, an `is_outside` one sees nothing."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=8, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[check_time_zone])
    theme = models.CharField(_("theme"), max_length=8, choices=Theme, default=Theme.AUTO)
    is_active = models.BooleanField(_("active"), default=True)
    is_service = models.BooleanField(_("service account"), default=False)
    is_outside = models.BooleanField(_("asks for people outside"), default=False, db_default=False, editable=False)
    operator_id = models.UUIDField(_("operator"), null=True, unique=True, editable=False)
    external_id = models.CharField(_("id in the directory"), max_length=200, blank=True, editable=False)
    removed_at = models.DateTimeField(_("removed by the directory"), null=True, editable=False)
    is_remembered = models.BooleanField(_("lets agents remember"), default=True, db_default=True)
    has_hidden_start = models.BooleanField(_("has closed the first steps"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        ordering = ("name", "email")
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_unique"),)
        permissions = (
            ("open_administration", "May open the administration"),
            ("manage_members", "May invite, suspend and give roles"),
            ("manage_owners", "May appoint owners"),
            ("manage_settings", "May change the organisation's settings"),
            ("manage_sign_on", "May set up single sign-on, and so decide who is who"),
            ("manage_support", "May let the platform's operators in"),
            ("manage_keys", "May make and revoke anybody's API keys"),
        )

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email

    @property
    def is_staff(self) -> bool:
        """Whether the administration is open to them; in Django's words."""
        return self.is_active and self.has_perm("accounts.open_administration")


class Role(models.Model):
    """What makes a Django group a role. `key` is set for the system's own, which nobody can change or remove."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, primary_key=True, related_name="role")
    key = models.CharField(max_length=16, blank=True, editable=False)
    description = models.CharField(_("description"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        permissions = (("manage_roles", "May make, change and remove custom roles"),)
        constraints = (models.UniqueConstraint(fields=("key",), condition=~models.Q(key=""), name="role_key_unique"),)

    def __str__(self) -> str:
        return self.group.name


class PeopleGroup(Group):
    """A group of people to share with. It is no role, so it gives no rights of its own."""

    class Meta:
        proxy = True
        verbose_name = _("group")
        verbose_name_plural = _("groups")


class DirectoryGroup(models.Model):
    """What a directory that provisions groups calls one of them."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, primary_key=True, related_name="directory")
    external_id = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.external_id


def invitation_expiry() -> datetime:
    return timezone.now() + INVITATION_LIFE


class Invitation(UUIDModel):
    """An offer of an account, sent to an address; only a digest of its token is kept."""

    email = models.EmailField(_("e-mail"))
    roles = models.ManyToManyField(Group, verbose_name=_("roles"), related_name="+")
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("sent"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"), default=invitation_expiry)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return self.email

    @property
    def has_run_out(self) -> bool:
        return self.expires_at <= timezone.now()


class TokenFamily(UUIDModel):
    """All tokens that came from one sign-in by API. Ending it ends each of them at once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    has_second_factor = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return str(self.pk)


class ApiKey(UUIDModel):
    """A key of a person or service account. Its secret is shown once; a keyed digest of it is kept.

    It may do what its account may do, as far as its scopes reach, from its addresses (CIDR; none: from anywhere).
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("begins with"), max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=32), verbose_name=_("scopes"))
    addresses = ArrayField(models.CharField(max_length=64), verbose_name=_("addresses"), default=list, blank=True)
    must_sign = models.BooleanField(_("requests must be signed"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    last_used_from = models.GenericIPAddressField(_("last used from"), null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def has_run_out(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class Program(UUIDModel):
    """A program that somebody let in by OAuth: it may do what they may, as far as its scopes reach, until they put it out.

    The client and the digests of its tokens are allauth's rows; a token opens nothing without this one.
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="programs", verbose_name=_("account")
    )
    client = models.ForeignKey(
        "allauth_idp_oidc.Client", on_delete=models.CASCADE, related_name="+", verbose_name=_("program")
    )
    name = models.CharField(_("name"), max_length=100)
    scopes = ArrayField(models.CharField(max_length=32), verbose_name=_("scopes"))
    created_at = models.DateTimeField(_("let in"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    last_used_from = models.GenericIPAddressField(_("last used from"), null=True, blank=True)

    objects = ProgramQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        constraints = (models.UniqueConstraint(fields=("account", "client"), name="one_program_of_an_account"),)

    def __str__(self) -> str:
        return self.name


class AccessRequest(UUIDModel):
    """Somebody asked for what a page refused them; whoever gives access answers."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("asked by")
    )
    path = models.CharField(_("page"), max_length=300)
    note = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("answered by")
    )
    is_granted = models.BooleanField(_("granted"), null=True)

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("request for access")
        verbose_name_plural = _("requests for access")
        constraints = (
            models.UniqueConstraint(
                fields=("asked_by", "path"), condition=models.Q(answered_at=None), name="access_request_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.asked_by}: {self.path}"


class IdentityProvider(UUIDModel):
    """Where an organisation's people sign in: OpenID Connect, SAML 2.0 or GitHub. `key` stands in its addresses."""

    class Kind(models.TextChoices):
        OIDC = "oidc", _("OpenID Connect")
        SAML = "saml", _("SAML 2.0")
        MICROSOFT = "microsoft", _("Microsoft Entra ID")
        GOOGLE = "google", _("Google")
        GITHUB = "github", _("GitHub")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    name = models.CharField(_("name"), max_length=60)
    key = models.SlugField(_("name in addresses"), max_length=40, unique=True)
    client_id = models.CharField(_("client id"), max_length=200, blank=True)
    sealed_secret = models.TextField(blank=True, editable=False)
    server_url = models.URLField(_("issuer"), blank=True)
    entity_id = models.CharField(_("entity id"), max_length=300, blank=True)
    sso_url = models.URLField(_("address for sign-in"), blank=True)
    certificate = models.TextField(_("certificate"), blank=True)
    group_claim = models.CharField(_("claim with the groups"), max_length=200, blank=True)
    group_roles = models.JSONField(_("roles by group"), default=dict, blank=True)
    domains = ArrayField(
        models.CharField(max_length=253), verbose_name=_("domains of its addresses"), default=list, blank=True
    )
    creates_accounts = models.BooleanField(_("makes accounts at the first sign-in"), default=True)
    is_active = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("single sign-on")
        verbose_name_plural = _("single sign-on")

    def __str__(self) -> str:
        return self.name

    @property
    def is_public(self) -> bool:
        """Whether anybody at all may have an account there, so that only named domains come in."""
        return self.kind in (self.Kind.GOOGLE, self.Kind.GITHUB)
