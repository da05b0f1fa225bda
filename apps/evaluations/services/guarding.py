"""What evaluation sets keep from happening to their agents: a draft that passes less is not published, nothing goes around the draft."""

from typing import Any

from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.core.errors import Conflict
from apps.evaluations.evaluating import content_of
from apps.evaluations.models import EvaluationRun, EvaluationSet


def require_draft(agent: Agent) -> None:
    """Raise Conflict when sets guard an agent: it is changed by way of a draft, which they look at."""
    guard = _guards_of(agent).first()
    if guard is not None:
        words = _("“%(name)s” guards this agent: change a draft of it, which is published when it passes.")
        raise Conflict(words % {"name": guard.name}, code="guarded")


def require_no_regression(agent: Agent, draft: Agent) -> None:
    """Raise Conflict unless the draft, as it is, passes about as many cases of each guard as what is published."""
    for guard in _guards_of(agent):
        tried = last_of(guard, draft)
        if tried is None:
            words = _("“%(name)s” guards this agent. Run it on the draft as it is now, then publish.")
            raise Conflict(words % {"name": guard.name}, code="not_evaluated")
        before = last_of(guard, agent)
        if before is None:
            words = _("“%(name)s” guards this agent. Run it on what is published, too, to compare the draft with that.")
            raise Conflict(words % {"name": guard.name}, code="not_evaluated")
        if 100 * (before.passed - tried.passed) > guard.tolerance * tried.total:
            words = _("The draft passes %(n)d of %(total)d cases of “%(name)s”, what is published %(before)d.")
            about = {"n": tried.passed, "total": tried.total, "name": guard.name, "before": before.passed}
            raise Conflict(words % about, code="regression")


def last_of(guard: EvaluationSet, agent: Agent) -> Any:
    """Return the last run of all of a set's cases as they are now, on an agent or a draft as that is now; None without one."""
    is_draft = agent.draft_of_id is not None
    found = EvaluationRun.objects.with_counts().filter(evaluation_set=guard, state=EvaluationRun.State.DONE)
    last: Any = found.filter(is_draft=is_draft, content=content_of(agent)).order_by("-created_at").first()
    if last is None or last.total != guard.cases.count():
        return None
    return None if guard.cases.filter(updated_at__gt=last.created_at).exists() else last


def _guards_of(agent: Agent) -> Any:
    return EvaluationSet.objects.filter(agent=agent, is_guard=True, cases__isnull=False).distinct()
