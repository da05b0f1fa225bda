"""Whose automations and batches one sees and changes."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from apps.workflows.models import Automation, Batch  # noqa: F401


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
