"""Who may use which agents and see which runs."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

from apps.accounts.grants import SharedQuerySet

if TYPE_CHECKING:
    from apps.agents.models import Approval, Run  # noqa: F401


class AgentQuerySet(SharedQuerySet):
    def reached_by(self, user: Any, level: str) -> "AgentQuerySet":
        """Agents on which a person has a level or a higher one; never drafts."""
        return super().reached_by(user, level).filter(draft_of=None)

    def with_drafts_for(self, user: Any) -> "AgentQuerySet":
        """Agents that a person may know of, and drafts of those that they may change."""
        return self._or_drafts(self.visible_to(user), user)

    def changeable_by(self, user: Any) -> "AgentQuerySet":
        """Agents that a person may change, and their drafts."""
        return self._or_drafts(self.editable_by(user), user)

    def askable_by(self, user: Any) -> "AgentQuerySet":
        """Agents that a person may ask, and drafts of those that they may change."""
        return self._or_drafts(self.usable_by(user), user)

    def _or_drafts(self, found: "AgentQuerySet", user: Any) -> "AgentQuerySet":
        published = self.model._default_manager
        drafts = models.Q(draft_of__in=published.editable_by(user).values("pk"))  # type: ignore[attr-defined]
        return self.filter(models.Q(pk__in=found.values("pk")) | drafts)

    def with_forms(self) -> "AgentQuerySet":
        """Agents that can be started with a form."""
        return self.exclude(form=None, blueprint="")

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

    def with_form_of(self, agent: Any) -> "RunQuerySet":
        """An agent's runs that began with the form that it has now."""
        found = self.filter(agent=agent)
        if agent.blueprint:
            return found.filter(blueprint=agent.blueprint)
        return found.filter(form_version__isnull=False, form_version__prompt=agent.form)

    def active(self) -> "RunQuerySet":
        """Runs that are not in a final state."""
        return self.filter(state__in=("queued", "running", "waiting"))

    def bearing(self, agent: Any, mark: str) -> "RunQuerySet":
        """Runs of an agent about the same thing, those left out that came to nothing."""
        return self.filter(agent=agent, mark=mark, state__in=("queued", "running", "waiting", "succeeded"))


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
