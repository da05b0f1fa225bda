"""AuditEvent: one row for one action; the database refuses to change or delete it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.audit.actions import words_for
from apps.core.models import UUIDModel


class AuditEvent(UUIDModel):
    """Who did what to which object, from where. Ids and names are copied: the row outlives what it speaks of."""

    class ActorKind(models.TextChoices):
        USER = "user", _("Person")
        SYSTEM = "system", _("System")

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor_kind = models.CharField(max_length=16, choices=ActorKind)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=64, db_index=True)
    target_type = models.CharField(max_length=64, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=254, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-at",)
        indexes = (models.Index(fields=("target_type", "target_id", "-at"), name="audit_target"),)

    def __str__(self) -> str:
        return f"{self.actor_name} {words_for(self.action)} {self.target_name}".strip()
