"""Job and TenantQueue, both in public: ids and times, never content. TenantJob is a tenant's view of its own jobs."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import UUIDModel
from apps.core.tenancy import current_tenant


class JobFields(UUIDModel):
    """A piece of work that survives its worker. `fence` grows with each claim; only its holder may write."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        WAITING = "waiting", _("Waiting")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        DEAD = "dead", _("Given up")

    tenant_id = models.UUIDField()
    queue = models.CharField(_("queue"), max_length=32)
    kind = models.CharField(_("kind"), max_length=64)
    object_id = models.UUIDField(_("object"))
    state = models.CharField(_("status"), max_length=16, choices=State, default=State.QUEUED)
    priority = models.SmallIntegerField(default=0)
    dedupe_key = models.CharField(max_length=200, blank=True)
    not_before = models.DateTimeField()
    wake_at = models.DateTimeField(null=True)
    owner = models.CharField(max_length=100, blank=True)
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    deaths = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    correlation_id = models.CharField(_("correlation id"), max_length=64, blank=True, db_default="")
    error = models.TextField(_("reason"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        abstract = True
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class Job(JobFields):
    class Meta(JobFields.Meta):
        abstract = False
        indexes = (
            models.Index(
                F("queue"),
                F("tenant_id"),
                F("priority").desc(),
                F("created_at"),
                name="job_due",
                condition=Q(state__in=("queued", "running")),
            ),
            models.Index(fields=("object_id",), name="job_object"),
            models.Index(
                fields=("queue", "wake_at"), name="job_to_wake", condition=Q(state="waiting", wake_at__isnull=False)
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("tenant_id", "kind", "dedupe_key"),
                name="job_deduplicated",
                condition=Q(state__in=("queued", "running", "waiting")) & ~Q(dedupe_key=""),
            ),
        )


class OwnJobs(models.Manager["TenantJob"]):
    def get_queryset(self) -> models.QuerySet["TenantJob"]:
        return super().get_queryset().filter(tenant_id=current_tenant().id)


class TenantJob(JobFields):
    """The active tenant's jobs, read through the table's qualified name: to look at, never to write."""

    objects = OwnJobs()

    class Meta(JobFields.Meta):
        abstract = False
        managed = False
        db_table = '"public"."jobs_job"'
        verbose_name = _("job")
        verbose_name_plural = _("jobs")


def default_cap() -> int:
    return settings.JOB_TENANT_CAP


class TenantQueue(models.Model):
    """A tenant's place in a queue: how much of it may run at once, and when it was last served."""

    tenant_id = models.UUIDField()
    queue = models.CharField(max_length=32)
    cap = models.PositiveIntegerField(default=default_cap)
    last_served = models.DateTimeField(default=None, null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("queue", "tenant_id"), name="tenant_queue_unique"),)

    def __str__(self) -> str:
        return f"{self.queue} {self.tenant_id}"
