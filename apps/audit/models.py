"""AuditEvent: one row for one action; the database refuses to change or delete it. AuditHead: where the chain ends.

When a transaction commits, a trigger gives each of its events the next `seq` of the schema and a `hash` over the hash
before it and the row's own content, and moves the head; apps.audit.chain checks all of it.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.audit.actions import words_for
from apps.audit.querysets import AuditQuerySet
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
    seq = models.BigIntegerField(null=True, unique=True, editable=False)
    hash = models.BinaryField(null=True, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ("-at",)
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        permissions = (("export_auditevent", "May take the audit out as a file"),)
        indexes = (models.Index(fields=("target_type", "target_id", "-at"), name="audit_target"),)

    def __str__(self) -> str:
        return f"{self.actor_name} {words_for(self.action)} {self.target_name}".strip()


class AuditHead(models.Model):
    """The last link of the schema's chain: one row, written by the trigger alone."""

    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.seq}:{bytes(self.hash).hex()}"
