"""Workflow with who it is shared with; Execution: one time that it runs; ExecutionStep: a step of it that began."""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.grants import CHANGE, MANAGE, USE, GroupGrant, Shared, UserGrant
from apps.core.models import TimestampedModel, UUIDModel
from apps.workflows.flows.steps import Flow
from apps.workflows.querysets import ExecutionQuerySet, StepQuerySet, WorkflowQuerySet


class Workflow(TimestampedModel, Shared):
    """Several agents and people, one after the other, beside each other, or again: `flow` is that as JSON (see flows.steps.Flow).

    It may hold problems while it is written; it starts without any.
    """

    LEVELS: ClassVar = {USE: _("Start it"), CHANGE: _("Change it"), MANAGE: _("Manage it: share, shut, remove")}
    OPEN_TO: ClassVar = {USE: "workflows.use_workflow", CHANGE: "workflows.change_workflow"}

    name = models.CharField(
        _("name"), max_length=80, unique=True, error_messages={"unique": _("There is one of this name already.")}
    )
    description = models.CharField(_("what it does, in one sentence"), max_length=200, blank=True)
    flow = models.JSONField(_("steps"), default=dict)
    is_active = models.BooleanField(_("switched on"), default=True)

    objects = WorkflowQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("workflow")
        verbose_name_plural = _("workflows")
        permissions = (
            ("use_workflow", "May start workflows"),
            ("manage_workflow", "May share, shut and remove all workflows"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def written(self) -> Flow:
        """Its inputs and steps."""
        return Flow.model_validate(self.flow)


class WorkflowUserGrant(UserGrant):
    content_object = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="user_grants")

    class Meta(UserGrant.Meta):
        pass


class WorkflowGroupGrant(GroupGrant):
    content_object = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="group_grants")

    class Meta(GroupGrant.Meta):
        pass


class Execution(TimestampedModel):
    """One time that a workflow runs, for a person and with their rights. The workflow is copied in, so that changing it changes nothing here."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        WAITING = "waiting", _("Waits for somebody")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")

    OPEN = (State.RUNNING, State.WAITING)

    workflow = models.ForeignKey(
        Workflow, on_delete=models.SET_NULL, null=True, related_name="executions", verbose_name=_("workflow")
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="executions", verbose_name=_("started by")
    )
    name = models.CharField(_("name"), max_length=120)
    flow = models.JSONField(_("steps"), editable=False)
    inputs = models.JSONField(_("filled in"), default=dict, editable=False)
    state = models.CharField(_("status"), max_length=12, choices=State, default=State.RUNNING)
    error = models.CharField(_("reason"), max_length=500, blank=True)
    answer = models.TextField(_("result"), blank=True)
    holds = models.JSONField(default=list, editable=False)
    idempotency_key = models.CharField(max_length=100, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)

    objects = ExecutionQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("execution of a workflow")
        verbose_name_plural = _("executions of workflows")
        indexes = (
            models.Index(fields=("started_by", "-created_at"), name="execution_own_newest"),
            models.Index(fields=("workflow", "-created_at"), name="execution_newest"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("started_by", "idempotency_key"), condition=~Q(idempotency_key=""), name="execution_idempotent"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def written(self) -> Flow:
        """The inputs and steps by which it runs."""
        return Flow.model_validate(self.flow)

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class ExecutionStep(UUIDModel):
    """A step that began: an agent's run, or what a person is asked. `key` is its name, with the round of each loop around it.

    Of a person's step `text` is what they read, `choices` are what they can say, and `gives` is what they said.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Running")
        ASKED = "asked", _("Waits for somebody")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")

    execution = models.ForeignKey(
        Execution, on_delete=models.CASCADE, related_name="steps", verbose_name=_("execution")
    )
    key = models.CharField(_("step"), max_length=250)
    title = models.CharField(_("title"), max_length=80)
    state = models.CharField(_("status"), max_length=12, choices=State, default=State.OPEN)
    run = models.OneToOneField(
        "agents.Run", on_delete=models.SET_NULL, null=True, related_name="workflow_step", verbose_name=_("run")
    )
    text = models.TextField(_("what is to be decided"), blank=True)
    choices = models.JSONField(_("choices"), default=list)
    group = models.ForeignKey(
        Group, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("who decides")
    )
    group_name = models.CharField(_("name of who decides"), max_length=150, blank=True)
    gives = models.JSONField(_("what was said"), default=dict)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    error = models.CharField(_("reason"), max_length=500, blank=True)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ("started_at", "key")
        verbose_name = _("step of an execution")
        verbose_name_plural = _("steps of executions")
        indexes = (models.Index(fields=("group",), name="step_asked", condition=Q(state="asked")),)
        constraints = (models.UniqueConstraint(fields=("execution", "key"), name="execution_step_once"),)

    def __str__(self) -> str:
        return self.title
