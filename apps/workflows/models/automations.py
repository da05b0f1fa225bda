"""Automation: what asks an agent or starts a workflow by itself; Occurrence: one time that it did; Delivery: where the result went."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import check_time_zone
from apps.core.models import HoldsSecret, TimestampedModel, UUIDModel
from apps.workflows.models.flows import Execution, Workflow
from apps.workflows.querysets import AutomationQuerySet


class Automation(TimestampedModel, HoldsSecret):
    """Asks an agent or starts a workflow for its owner, with the owner's rights at that moment: when its time comes, or when something happens.

    `values` fill in the form of the agent or the workflow, or hold the question under "question"; `next_at` is when a schedule is due next, null while it
    is paused. `cron` is an expression of five fields in `time_zone`.
    """

    class Kind(models.TextChoices):
        SCHEDULE = "schedule", _("At a time")
        EVENT = "event", _("When something happens")

    class Event(models.TextChoices):
        DOCUMENT_READY = "document.ready", _("A document can be searched")
        RUN_FAILED = "run.failed", _("A run of yours fails")
        ISSUE_CHANGED = "issue.changed", _("An issue in Jira changes")
        CODE_PUSHED = "code.pushed", _("Somebody pushes to GitHub or GitLab")

    class CatchUp(models.TextChoices):
        ONCE = "once", _("Once, for all that was missed")
        EACH = "each", _("Each time that was missed")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="automations", verbose_name=_("owner")
    )
    name = models.CharField(_("name"), max_length=80)
    agent = models.ForeignKey(
        "agents.Agent", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agent")
    )
    workflow = models.ForeignKey(
        Workflow,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="automations",
        verbose_name=_("workflow"),
    )
    project = models.ForeignKey(
        "projects.Project",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("project"),
    )
    values = models.JSONField(_("what is asked"), default=dict, blank=True)
    kind = models.CharField(_("starts"), max_length=8, choices=Kind, default=Kind.SCHEDULE)
    cron = models.CharField(_("schedule"), max_length=100, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[check_time_zone])
    catch_up = models.CharField(_("what was missed"), max_length=4, choices=CatchUp, default=CatchUp.ONCE)
    event = models.CharField(_("event"), max_length=24, choices=Event, blank=True)
    collection = models.ForeignKey(
        "knowledge.KnowledgeBase",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("collection"),
    )
    connection = models.ForeignKey(
        "integrations.Connection",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("connection"),
    )
    to_conversation = models.BooleanField(_("into a conversation"), default=True)
    recipients: Any = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("by e-mail to")
    )
    webhook_url = models.CharField(_("to a web address"), max_length=300, blank=True)
    is_active = models.BooleanField(_("on"), default=True)
    paused_because = models.CharField(_("why it is paused"), max_length=300, blank=True, editable=False)
    next_at = models.DateTimeField(_("next"), null=True, editable=False)

    objects = AutomationQuerySet.as_manager()

    class Meta:
        ordering = ("name", "created_at")
        verbose_name = _("automation")
        verbose_name_plural = _("automations")
        permissions = (("send_out", "May have results sent to web addresses"),)
        indexes = (models.Index(fields=("event",), name="automation_event", condition=Q(kind="event")),)
        constraints = (
            models.CheckConstraint(
                condition=(Q(kind="schedule", event="") & ~Q(cron="")) | (Q(kind="event", cron="") & ~Q(event="")),
                name="automation_by_time_or_event",
                violation_error_message=_("An automation has a schedule or an event."),
            ),
            models.CheckConstraint(
                condition=Q(agent__isnull=False, workflow=None) | Q(agent=None, workflow__isnull=False),
                name="automation_of_agent_or_workflow",
                violation_error_message=_("An automation asks an agent or starts a workflow."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def starts(self) -> Any:
        """The agent that it asks, or the workflow that it starts; both have a name."""
        return self.agent or self.workflow


class Occurrence(UUIDModel):
    """One time that an automation was due, and what came of it; `missed` others are made up for with it.

    `key` tells occurrences of one automation apart: its time, the event, or a word of whoever started it. `brought` is what the
    event fills in.
    """

    class State(models.TextChoices):
        DUE = "due", _("Starting")
        STARTED = "started", _("Started")
        FAILED = "failed", _("Not started")

    class Cause(models.TextChoices):
        SCHEDULE = "schedule", _("Schedule")
        EVENT = "event", _("Event")
        HAND = "hand", _("By hand")

    automation = models.ForeignKey(
        Automation, on_delete=models.CASCADE, related_name="occurrences", verbose_name=_("automation")
    )
    key = models.CharField(max_length=100, editable=False)
    cause = models.CharField(_("cause"), max_length=8, choices=Cause)
    due_at = models.DateTimeField(_("due"))
    brought = models.JSONField(default=dict, editable=False)
    missed = models.PositiveIntegerField(_("missed before"), default=0)
    state = models.CharField(_("status"), max_length=8, choices=State, default=State.DUE)
    error = models.CharField(_("reason"), max_length=300, blank=True)
    run = models.OneToOneField(
        "agents.Run", on_delete=models.SET_NULL, null=True, related_name="occurrence", verbose_name=_("run")
    )
    execution = models.OneToOneField(
        Execution, on_delete=models.SET_NULL, null=True, related_name="occurrence", verbose_name=_("execution")
    )
    created_at = models.DateTimeField(_("noted"), auto_now_add=True)

    class Meta:
        ordering = ("-due_at",)
        verbose_name = _("occurrence")
        verbose_name_plural = _("occurrences")
        indexes = (models.Index(fields=("automation", "-due_at"), name="occurrence_newest"),)
        constraints = (models.UniqueConstraint(fields=("automation", "key"), name="occurrence_once"),)

    def __str__(self) -> str:
        return f"{self.automation}, {self.due_at:%Y-%m-%d %H:%M}"


class Delivery(UUIDModel):
    """One handing over of an occurrence's result, and what became of it."""

    class Kind(models.TextChoices):
        CONVERSATION = "chat", _("Conversation")
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Web address")

    class State(models.TextChoices):
        QUEUED = "queued", _("On its way")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")

    occurrence = models.ForeignKey(
        Occurrence, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("occurrence")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    target = models.CharField(_("to"), max_length=300, blank=True)
    state = models.CharField(_("status"), max_length=8, choices=State, default=State.QUEUED)
    error = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = (models.UniqueConstraint(fields=("occurrence", "kind", "target"), name="delivery_once"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.target}".strip()
