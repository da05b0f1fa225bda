"""Provider and ProviderModel: which models a tenant may use, and how to reach them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core import credentials
from apps.core.models import TimestampedModel


class Provider(TimestampedModel):
    """A service that runs models. `sealed_key` is written through set_api_key() and never shown."""

    class Kind(models.TextChoices):
        EXTRACTIVE = "extractive", _("Built in: quotes your documents")
        OPENAI_COMPATIBLE = "openai_compatible", _("OpenAI-compatible server")

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=32, choices=Kind)
    base_url = models.URLField(_("address"), blank=True, help_text=_("For example http://localhost:11434/v1"))
    sealed_key = models.TextField(blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="extractive") | ~Q(base_url=""),
                name="provider_has_address",
                violation_error_message=_("This kind of provider needs an address."),
            ),
        )

    def __str__(self) -> str:
        return self.name

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
    """A model of a provider, by the name that the provider knows it under."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="models", verbose_name=_("provider"))
    name = models.CharField(_("model"), max_length=120)
    is_default = models.BooleanField(_("used when an agent names none"), default=False)

    class Meta:
        ordering = ("provider__name", "name")
        verbose_name = _("model")
        verbose_name_plural = _("models")
        constraints = (
            models.UniqueConstraint(fields=("provider", "name"), name="model_once_a_provider"),
            models.UniqueConstraint(fields=("is_default",), condition=Q(is_default=True), name="one_default_model"),
        )

    def __str__(self) -> str:
        return f"{self.provider.name}: {self.name}"
