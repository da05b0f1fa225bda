"""What came of a project's runs: outcome, tokens, money and time, by agent, by person and by day (PRJ-2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Extract, TruncDate
from django.utils import timezone

from apps.agents import actions
from apps.agents.models import Run
from apps.agents.services.health import FAILED, Percentile
from apps.audit.services.trail import record
from apps.projects.models import Project
from apps.projects.services import require_manager
from apps.usage.models import UsageRecord
from apps.usage.types import Line, Sums

AGENT, PERSON, DAY = "agent", "person", "day"
DIMENSIONS = (AGENT, PERSON, DAY)
_RUNS = {AGENT: ("agent_id", "agent__name"), PERSON: ("started_by_id", "started_by__name"), DAY: ("day", "day")}
_COSTS = {AGENT: "agent_id", PERSON: "user_id", DAY: "day"}


@dataclass(frozen=True)
class RunLine(Line):
    """What the runs of an agent, person or day came to: `sums.calls` counts them; times in seconds, of those that ended well."""

    succeeded: int = 0
    failed: int = 0
    median_s: float | None = None


@dataclass(frozen=True)
class Analytics:
    """A project's last days: all of it, and what was asked for of DIMENSIONS: days from the oldest on, others with the most runs first."""

    total: RunLine
    lines: dict[str, list[RunLine]]


def analytics_of(*, actor: Any, project: Project, days: int, by: Sequence[str]) -> Analytics:
    """Return what a project's last days came to, for those who manage it. Raises Forbidden."""
    require_manager(actor, project)
    runs, records = _runs(project, days), _records(project, days)
    cost = records.aggregate(cost=Sum("cost"))["cost"]
    total = _line("", "", {**runs.aggregate(**_measures()), "cost": cost})
    lines = {dimension: _lines(runs, records, dimension) for dimension in by}
    if DAY in lines:
        lines[DAY] = _every_day(lines[DAY], days)
    return Analytics(total, lines)


def _every_day(lines: list[RunLine], days: int) -> list[RunLine]:
    found, today = {line.day: line for line in lines}, timezone.localdate()
    span = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    return [found.get(day) or RunLine(day.isoformat(), "", Sums(), day) for day in span]


def note_export(*, actor: Any, project: Project, by: str, days: int) -> None:
    """Write down that somebody took the figures along."""
    record(actions.ANALYTICS_EXPORTED, actor=actor, target=project, after={"by": by, "days": days})


def _since(days: int) -> datetime:
    first = timezone.localdate() - timedelta(days=days - 1)
    return timezone.make_aware(datetime.combine(first, time.min))


def _runs(project: Project, days: int) -> QuerySet[Run]:
    runs = Run.objects.filter(project=project, is_trial=False, created_at__gte=_since(days)).order_by()
    return runs.annotate(day=TruncDate("created_at"), took=Extract(F("finished_at") - F("started_at"), "epoch"))


def _records(project: Project, days: int) -> QuerySet[UsageRecord]:
    records = UsageRecord.objects.filter(project_id=project.pk, created_at__gte=_since(days)).order_by()
    return records.annotate(day=TruncDate("created_at"))


def _measures() -> dict[str, Any]:
    done = Q(state=Run.State.SUCCEEDED)
    return {
        "runs": Count("pk"),
        "succeeded": Count("pk", filter=done),
        "failed": Count("pk", filter=Q(state__in=FAILED)),
        "tokens_in": Sum("input_tokens"),
        "tokens_out": Sum("output_tokens"),
        "median_s": Percentile("took", share=0.5, filter=done),
    }


def _lines(runs: QuerySet[Run], records: QuerySet[UsageRecord], by: str) -> list[RunLine]:
    key, label = _RUNS[by]
    costs = dict(records.values_list(_COSTS[by]).annotate(cost=Sum("cost")))
    rows: Any = runs.values(*dict.fromkeys((key, label))).annotate(**_measures())
    found = [_line(row[key], row[label], row | {"cost": costs.get(row[key])}) for row in rows]
    return sorted(found, key=lambda line: (-line.sums.calls, line.label))


def _line(key: Any, label: Any, row: dict[str, Any]) -> RunLine:
    sums = Sums(
        calls=row["runs"],
        failures=row["failed"],
        input_tokens=row["tokens_in"] or 0,
        output_tokens=row["tokens_out"] or 0,
        **({"cost": row["cost"]} if row["cost"] else {}),
    )
    day = key if isinstance(key, date) else None
    words = "" if day else str(label or "–")
    return RunLine(str(key or ""), words, sums, day, row["succeeded"], row["failed"], row["median_s"])
