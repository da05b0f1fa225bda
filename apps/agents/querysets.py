"""Who may use which agents and see which runs."""

from typing import TYPE_CHECKING, Any

from django.db import models

from apps.accounts.grants import SharedQuerySet

if TYPE_CHECKING:
    from apps.agents.models import Run  # noqa: F401


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
