"""AuditEvent: one row for one action; the database refuses to change or delete it. AuditHead: where the chain ends. AuditCut: where it
begins, once old events were let go.
SecurityEvent: what deserves a look, one row an hour; AlertChannel: who is told; Alert: that they were.

When a transaction commits, a trigger gives each of its events the next `seq` of the schema and a `hash` over the hash
before it and the row's own content, and moves the head; apps.audit.chain checks all of it.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Severity, words_for
from apps.audit.querysets import AuditQuerySet, SecurityQuerySet
from apps.core.models import HoldsSecret, UUIDModel


class AuditEvent(UUIDModel):
    """Who did what to which object, from where. Ids and names are copied: the row outlives what it speaks of.

    `through` names the API key or agent that did it for the person; NULL: they themselves.
    """

    class ActorKind(models.TextChoices):
        USER = "user", _("Person")
        OPERATOR = "operator", _("Operator of the platform")
        SYSTEM = "system", _("System")

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor_kind = models.CharField(max_length=16, choices=ActorKind)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=254, blank=True)
    through = models.CharField(max_length=160, null=True, blank=True)  # noqa: DJ001  NULL keeps older hashes right
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


class AuditCut(models.Model):
    """Events up to `seq` were let go, for they were older than they are to be kept; the chain begins after `hash`.

    Writing the row is what deletes them: a trigger does, and refuses what is younger than 90 days. The row itself stays, signed.
    """

    seq = models.BigIntegerField(unique=True)
    hash = models.BinaryField(editable=False)
    signature = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-seq",)

    def __str__(self) -> str:
        return f"{self.seq}:{bytes(self.hash).hex()}"


class SecurityEvent(UUIDModel):
    """Something that happened `count` times within an hour, to or by one subject. `key` names kind, subject and hour."""

    key = models.CharField(max_length=64, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=64)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    subject = models.CharField(_("about"), max_length=254, blank=True)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(_("person"), max_length=254, blank=True)
    address = models.GenericIPAddressField(_("last address"), null=True, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    count = models.PositiveIntegerField(_("times"), default=0)
    first_at = models.DateTimeField(_("first"), auto_now_add=True)
    last_at = models.DateTimeField(_("last"), auto_now_add=True)
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
    handled_by = models.CharField(_("handled by"), max_length=254, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = SecurityQuerySet.as_manager()

    class Meta:
        ordering = ("-last_at",)
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        permissions = (("handle_securityevent", "May mark security events as handled"),)
        indexes = (models.Index(fields=("-last_at",), name="security_last"),)

    def __str__(self) -> str:
        return f"{self.who} {words_for(self.kind)}".strip()

    @property
    def who(self) -> str:
        return self.actor_name or self.subject or self.address or ""


class AlertChannel(UUIDModel, HoldsSecret):
    """Where alerts go: an e-mail address, or a web address whose requests are signed."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    target = models.CharField(_("address"), max_length=300)
    least = models.PositiveSmallIntegerField(_("from severity"), choices=Severity, default=Severity.HIGH)
    language = models.CharField(max_length=8, blank=True)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        ordering = ("created_at",)
        verbose_name = _("alert channel")
        verbose_name_plural = _("alert channels")
        permissions = (("manage_alerts", "May decide where alerts go"),)
        constraints = (models.UniqueConstraint(fields=("kind", "target"), name="alert_channel_once"),)

    def __str__(self) -> str:
        return self.target


class Alert(UUIDModel):
    """One telling of an event through a channel, at a severity; without an event it is a trial."""

    class State(models.TextChoices):
        QUEUED = "queued", _("On its way")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")

    channel = models.ForeignKey(
        AlertChannel, on_delete=models.CASCADE, related_name="alerts", verbose_name=_("channel")
    )
    event = models.ForeignKey(
        SecurityEvent, on_delete=models.CASCADE, null=True, related_name="alerts", verbose_name=_("security event")
    )
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    state = models.CharField(_("status"), max_length=8, choices=State, default=State.QUEUED)
    error = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("raised"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = (models.UniqueConstraint(fields=("channel", "event", "severity"), name="alert_once"),)

    def __str__(self) -> str:
        return f"{self.channel}: {self.event or _('trial')}"
