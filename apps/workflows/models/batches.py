"""Batch: an agent asked once for each row of a table; BatchItem: one row of it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel, UUIDModel
from apps.workflows.querysets import BatchQuerySet


class Batch(TimestampedModel):
    """Asks an agent for its owner, a few rows at a time. Until it is started it is a draft, in which rows with a problem are told.

    `columns` are those of the table in their order, `width` is how many rows are worked on at once.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Not started")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Stopped")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="batches", verbose_name=_("owner")
    )
    agent = models.ForeignKey("agents.Agent", on_delete=models.PROTECT, related_name="+", verbose_name=_("agent"))
    project = models.ForeignKey(
        "projects.Project", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("project")
    )
    name = models.CharField(_("name"), max_length=120)
    columns = ArrayField(models.CharField(max_length=200), verbose_name=_("columns"))
    state = models.CharField(_("status"), max_length=12, choices=State, default=State.DRAFT)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        indexes = (models.Index(fields=("owner", "-created_at"), name="batch_own_newest"),)

    def __str__(self) -> str:
        return self.name


class BatchItem(UUIDModel):
    """One row: `cells` as they stand in the table, and what came of asking with them. `number` counts from 1."""

    class State(models.TextChoices):
        INVALID = "invalid", _("Left out")
        WAITING = "waiting", _("Waiting")
        STARTED = "started", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items", verbose_name=_("batch"))
    number = models.PositiveIntegerField(_("row"))
    cells = models.JSONField(_("cells"))
    state = models.CharField(_("status"), max_length=12, choices=State, default=State.WAITING)
    error = models.CharField(_("reason"), max_length=300, blank=True)
    run = models.OneToOneField(
        "agents.Run", on_delete=models.SET_NULL, null=True, related_name="batch_item", verbose_name=_("run")
    )

    class Meta:
        ordering = ("batch", "number")
        verbose_name = _("row of a batch")
        verbose_name_plural = _("rows of batches")
        indexes = (models.Index(fields=("batch", "state"), name="batch_item_state"),)
        constraints = (models.UniqueConstraint(fields=("batch", "number"), name="batch_row_once"),)

    def __str__(self) -> str:
        return f"{self.batch} {self.number}"
