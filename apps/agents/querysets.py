"""Who may use which agents and see which runs."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

from apps.accounts.grants import SharedQuerySet

if TYPE_CHECKING:
    from apps.agents.models import Approval, Run  # noqa: F401


class AgentQuerySet(SharedQuerySet):
    def usable_by(self, user: Any) -> "AgentQuerySet":
        """Agents that are switched on and that a person may ask."""
        return super().usable_by(user).filter(is_active=True)

    def matching(self, words: str) -> "AgentQuerySet":
        """Agents whose name or description holds every word."""
        found = self
        for word in words.split():
            found = found.filter(models.Q(name__icontains=word) | models.Q(description__icontains=word))
        return found


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: Any) -> "RunQuerySet":
        """A person's own runs; all, for whoever may view everybody's."""
        if not user.is_active:
            return self.none()
        return self if user.has_perm("agents.view_run") else self.filter(started_by=user)

    def active(self) -> "RunQuerySet":
        """Runs that are not in a final state."""
        return self.filter(state__in=("queued", "running", "waiting"))


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def visible_to(self, user: Any) -> "ApprovalQuerySet":
        """Approvals of a person's own runs and those that are theirs to decide; all, for whoever may view everybody's runs."""
        if not user.is_active:
            return self.none()
        if user.has_perm("agents.view_run"):
            return self
        return self.filter(models.Q(run__started_by=user) | models.Q(approvers__user=user)).distinct()

    def waiting(self) -> "ApprovalQuerySet":
        """Approvals that can still be decided."""
        return self.filter(state="pending", expires_at__gt=timezone.now())

    def for_decision_by(self, user: Any) -> "ApprovalQuerySet":
        """Approvals that wait for this very person, who has not said yes to these arguments yet."""
        own = models.Q(approvers_name="", run__started_by=user)
        named = models.Q(approvers__in=user.groups.all()) & ~models.Q(run__started_by=user)
        voted = models.Exists(
            self.model._meta.get_field("votes").related_model._default_manager.filter(  # type: ignore[union-attr]
                approval=models.OuterRef("pk"), person=user, digest=models.OuterRef("digest")
            )
        )
        return self.waiting().filter(own | named).exclude(voted) if user.is_active else self.none()
