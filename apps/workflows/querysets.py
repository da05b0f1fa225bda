"""Whose automations, batches and executions of workflows one sees and changes, and what waits for whom."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models

from apps.accounts.grants import SharedQuerySet

if TYPE_CHECKING:
    from apps.workflows.models import Automation, Batch, Checklist, ChecklistItem, Execution, ExecutionStep  # noqa: F401


class AutomationQuerySet(models.QuerySet["Automation"]):
    def visible_to(self, user: Any) -> "AutomationQuerySet":
        """A person's own; all, for whoever may see everybody's."""
        if not user.is_active:
            return self.none()
        return self if user.has_perm("workflows.view_automation") else self.filter(owner=user)

    def stoppable_by(self, user: Any) -> "AutomationQuerySet":
        """Those that a person may pause and remove: their own; all, for whoever looks after everybody's."""
        if not user.is_active:
            return self.none()
        return self if user.has_perm("workflows.change_automation") else self.filter(owner=user)


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: Any) -> "BatchQuerySet":
        """A person's own; all, for whoever may see everybody's."""
        if not user.is_active:
            return self.none()
        return self if user.has_perm("workflows.view_batch") else self.filter(owner=user)

    def stoppable_by(self, user: Any) -> "BatchQuerySet":
        """Those that a person may stop: their own; all, for whoever looks after everybody's."""
        if not user.is_active:
            return self.none()
        return self if user.has_perm("workflows.change_batch") else self.filter(owner=user)

    def with_counts(self) -> "BatchQuerySet":
        """Batches with `total`, `waiting`, `active`, `done`, `failed` and `invalid`: how many of their rows are that."""
        counts = {"waiting": "waiting", "active": "started", "done": "done", "failed": "failed", "invalid": "invalid"}
        each = {name: models.Count("items", filter=models.Q(items__state=state)) for name, state in counts.items()}
        return self.annotate(total=models.Count("items"), **each).order_by("-created_at")


class WorkflowQuerySet(SharedQuerySet):
    def usable_by(self, user: Any) -> Any:
        """Workflows that are switched on and that a person may start."""
        return super().usable_by(user).filter(is_active=True)


class ExecutionQuerySet(models.QuerySet["Execution"]):
    def visible_to(self, user: Any) -> "ExecutionQuerySet":
        """A person's own; all, for whoever may see everybody's."""
        if not user.is_active:
            return self.none()
        return self if user.has_perm("workflows.view_execution") else self.filter(started_by=user)

    def stoppable_by(self, user: Any) -> "ExecutionQuerySet":
        """Those that a person may stop: their own; all, for whoever looks after everybody's."""
        if not user.is_active:
            return self.none()
        return self if user.has_perm("workflows.change_execution") else self.filter(started_by=user)


class StepQuerySet(models.QuerySet["ExecutionStep"]):
    def for_decision_by(self, user: Any) -> "StepQuerySet":
        """Steps that this very person can decide now; never a service."""
        if not user.is_active or user.is_service:
            return self.none()
        own = models.Q(group_name="", execution__started_by=user)
        return self.filter(own | models.Q(group__in=user.groups.all()), state="asked")

    def asked_of(self, user: Any) -> "StepQuerySet":
        """Steps that are or were this person's to decide, or that they see with their execution."""
        if not user.is_active:
            return self.none()
        if user.has_perm("workflows.view_execution"):
            return self.exclude(text="")
        mine = models.Q(execution__started_by=user) | models.Q(group__in=user.groups.all()) | models.Q(answered_by=user)
        return self.exclude(text="").filter(mine)


class ChecklistQuerySet(models.QuerySet["Checklist"]):
    def visible_to(self, user: Any) -> "ChecklistQuerySet":
        """Those that a person keeps, that are for them, or on which something is theirs; all, for whoever may see everybody's."""
        if not user.is_active:
            return self.none()
        if user.has_perm("workflows.view_checklist"):
            return self
        own = models.Exists(_item().objects.filter(checklist=models.OuterRef("pk"), assignee=user))
        return self.filter(models.Q(owner=user) | models.Q(person=user) | own)

    def changeable_by(self, user: Any) -> "ChecklistQuerySet":
        """Those that a person keeps; all, for whoever looks after everybody's."""
        if not user.is_active:
            return self.none()
        return self if user.has_perm("workflows.change_checklist") else self.filter(owner=user)

    def with_progress(self) -> "ChecklistQuerySet":
        """Checklists with `total` and `done`: how many things stand on them, and how many of these are done."""
        is_done = models.Q(items__done_at__isnull=False)
        counts = {"total": models.Count("items"), "done": models.Count("items", filter=is_done)}
        return self.annotate(**counts).order_by("-created_at")


class ChecklistItemQuerySet(models.QuerySet["ChecklistItem"]):
    def visible_to(self, user: Any) -> "ChecklistItemQuerySet":
        """What stands on the checklists that a person sees."""
        return self.filter(checklist__in=_item().checklist.field.related_model.objects.visible_to(user))

    def ticked_by(self, user: Any) -> "ChecklistItemQuerySet":
        """What a person may say is done: their own, and what stands on the checklists that they may change."""
        if not user.is_active:
            return self.none()
        changeable = _item().checklist.field.related_model.objects.changeable_by(user)
        return self.filter(models.Q(assignee=user) | models.Q(checklist__in=changeable))


def _item() -> Any:
    return apps.get_model("workflows", "ChecklistItem")
