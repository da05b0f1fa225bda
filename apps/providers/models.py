"""Provider and ProviderModel: which models a tenant may use, and how to reach them."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core import credentials
from apps.core.models import TimestampedModel
from apps.providers.querysets import ProviderModelQuerySet

BUILT_IN = "extractive"


class Provider(TimestampedModel):
    """A service that runs models. `kind` is the key of a kind that the registry knows; `sealed_key` is never shown."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=32)
    base_url = models.URLField(_("address"), blank=True, help_text=_("For example http://localhost:11434/v1"))
    api_version = models.CharField(
        _("API version"), max_length=40, blank=True, help_text=_("For Azure's older addresses alone.")
    )
    sealed_key = models.TextField(blank=True, editable=False)
    is_active = models.BooleanField(_("switched on"), default=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind=BUILT_IN) | ~Q(base_url=""),
                name="provider_has_address",
                violation_error_message=_("This kind of provider needs an address."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_built_in(self) -> bool:
        return self.kind == BUILT_IN

    @property
    def has_key(self) -> bool:
        return bool(self.sealed_key)

    def set_api_key(self, api_key: str) -> None:
        """Seal a new key, or drop the old one with ""."""
        place = {"table": self._meta.db_table, "pk": self.pk, "field": "sealed_key"}
        self.sealed_key = credentials.seal(api_key, **place) if api_key else ""  # type: ignore[arg-type]

    def api_key(self) -> str:
        """Return the key in the clear, "" when there is none; only for the adapter that sends it."""
        if not self.sealed_key:
            return ""
        return credentials.unseal(self.sealed_key, table=self._meta.db_table, pk=self.pk, field="sealed_key")


class ProviderModel(TimestampedModel):
    """A model of a provider, by the name that the provider knows it under, what it is for and what it can take."""

    class Purpose(models.TextChoices):
        CHAT = "chat", _("Answers")
        EMBEDDING = "embedding", _("Finds by meaning (embeddings)")

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="models", verbose_name=_("provider"))
    name = models.CharField(_("model"), max_length=120)
    purpose = models.CharField(
        _("what it is for"), max_length=12, choices=Purpose, default=Purpose.CHAT, db_default=Purpose.CHAT
    )
    dimensions = models.PositiveSmallIntegerField(_("numbers in a vector"), null=True, blank=True, editable=False)
    is_default = models.BooleanField(_("used when an agent names none"), default=False)
    context_tokens = models.PositiveIntegerField(
        _("tokens that it can read"), null=True, blank=True, validators=(MinValueValidator(256),)
    )
    takes_tools = models.BooleanField(_("can call tools"), default=True)
    takes_images = models.BooleanField(_("sees pictures"), default=False)
    takes_schema = models.BooleanField(_("keeps to a schema"), default=False)
    fallback = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked instead when it fails"),
        limit_choices_to={"purpose": Purpose.CHAT},
    )

    objects = ProviderModelQuerySet.as_manager()

    class Meta:
        ordering = ("provider__name", "name")
        verbose_name = _("model")
        verbose_name_plural = _("models")
        constraints = (
            models.UniqueConstraint(fields=("provider", "name"), name="model_once_a_provider"),
            models.UniqueConstraint(fields=("is_default",), condition=Q(is_default=True), name="one_default_model"),
            models.CheckConstraint(
                condition=Q(purpose="chat") | Q(is_default=False, fallback=None),
                name="embeddings_do_not_answer",
                violation_error_message=_("A model for embeddings cannot answer."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider.name}: {self.name}"
