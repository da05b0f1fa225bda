"""Hook: where a connected service tells that something happened."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import HoldsSecret, TimestampedModel
from apps.core.tenancy import current_tenant
from apps.integrations.models.connections import Connection


class Hook(TimestampedModel, HoldsSecret):
    """An address of ours that a connected service calls. The secret is shown once; what is not signed with it is refused."""

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, related_name="hook", verbose_name=_("connection")
    )
    heard_at = models.DateTimeField(_("last heard of"), null=True, editable=False)
    refused_at = models.DateTimeField(_("last refused"), null=True, editable=False)

    class Meta:
        verbose_name = _("incoming webhook")
        verbose_name_plural = _("incoming webhooks")

    @property
    def address(self) -> str:
        """What the service calls."""
        return current_tenant().address(f"/api/v1/hooks/{self.pk}")

    def __str__(self) -> str:
        return str(self.connection)
