"""How an agent fares: what came of its last runs, how long they took, where they fail, and whether its model is asked just now."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Aggregate, Count, F, FloatField, Q
from django.db.models.functions import Extract
from django.utils import timezone

from apps.agents import actions
from apps.agents.models import Agent, Run
from apps.agents.services.behaviour import require_change
from apps.audit.watch import notice
from apps.projects.models import Project
from apps.providers import breaker
from apps.providers.models import ProviderModel
from apps.providers.registry import default_model
from apps.tenants.models import OptionValue
from apps.tenants.options import FAILING_PERCENT
from apps.tenants.resolver import resolve

DAYS = 7
MOST_REASONS = 5
ENOUGH_TO_ALERT = 10
FAILED = (Run.State.FAILED, Run.State.DEAD, Run.State.NEEDS_REVIEW)
State = Run.State


def alert_if_failing(agent: Agent) -> None:
    """Note a security event, once an hour, for an agent of whose runs of a day too many failed."""
    most = resolve(FAILING_PERCENT, [(OptionValue.Level.AGENT, agent.pk)]).value
    if not most:
        return
    runs = Run.objects.filter(agent=agent, is_trial=False, created_at__gte=timezone.now() - timedelta(days=1))
    counts = runs.aggregate(
        ended=Count("pk", filter=Q(state__in=(*FAILED, State.SUCCEEDED))),
        failed=Count("pk", filter=Q(state__in=FAILED)),
    )
    if counts["ended"] >= ENOUGH_TO_ALERT and 100 * counts["failed"] >= most * counts["ended"]:
        notice(actions.AGENT_FAILING, subject=agent.name, details=counts)


class Percentile(Aggregate):
    """A value below which a share of the values lies (PostgreSQL's percentile_cont)."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, *, share: float, **extra: Any) -> None:
        super().__init__(expression, share=share, **extra)


@dataclass(frozen=True)
class Health:
    """The last seven days of an agent: times in seconds, None where nothing ended well; `reasons` are (words, count), most first.

    `people` is how many asked it; `projects` it works in and `agents` that may ask it, as far as the actor sees them.
    """

    ended: int
    failed: int
    waiting: int
    median_s: float | None
    p95_s: float | None
    reasons: list[tuple[str, int]]
    people: int
    projects: list[Project]
    agents: list[Agent]
    model: ProviderModel
    breaker: breaker.Breaker

    @property
    def failed_percent(self) -> int:
        return round(100 * self.failed / self.ended) if self.ended else 0


def health_of(*, actor: Any, agent: Agent) -> Health:
    """Return how an agent fares, for those who may change it. Whose runs they were is not told. Raises Forbidden."""
    require_change(actor, agent)
    runs = Run.objects.filter(agent=agent, is_trial=False, created_at__gte=timezone.now() - timedelta(days=DAYS))
    took = Extract(F("finished_at") - F("started_at"), "epoch")
    done = runs.filter(state=State.SUCCEEDED, started_at__isnull=False, finished_at__isnull=False)
    times = done.annotate(took=took).aggregate(p50=Percentile("took", share=0.5), p95=Percentile("took", share=0.95))
    counts = runs.aggregate(
        ended=Count("pk", filter=Q(state__in=(*FAILED, State.SUCCEEDED))),
        failed=Count("pk", filter=Q(state__in=FAILED)),
        waiting=Count("pk", filter=Q(state=State.WAITING)),
    )
    failed = runs.filter(state__in=FAILED).exclude(error="").order_by()
    reasons = failed.values_list("error").annotate(count=Count("pk")).order_by("-count", "error")[:MOST_REASONS]
    model = agent.model or default_model()
    return Health(
        **counts,
        median_s=times["p50"],
        p95_s=times["p95"],
        people=runs.values("started_by").distinct().count(),
        projects=list(Project.objects.visible_to(actor).filter(agents=agent)),
        agents=list(Agent.objects.visible_to(actor).filter(tool_grants__colleagues=agent).distinct()),
        reasons=[(str(words), count) for words, count in reasons],
        model=model,
        breaker=breaker.state_of(model.provider),
    )
