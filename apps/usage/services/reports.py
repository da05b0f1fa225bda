"""What the calls of models came to: by day, agent, model, person and project, read from the sums of each day."""

from collections.abc import Mapping
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from apps.core.permissions import require
from apps.usage.models import UsageDay, UsageRecord
from apps.usage.types import Line, Sums

VIEW = "usage.view_usagerecord"
Dimension = UsageDay.Dimension
COLUMNS = ("calls", "failures", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost")
MOST_LINES = 50


def today() -> date:
    return timezone.now().astimezone(UTC).date()


def totals(actor: Any, days: int) -> Sums:
    """Return what the last days came to: everybody's for whoever may see that, else the actor's own."""
    return _sums(_shown(actor, days).aggregate(**{name: Sum(name) for name in COLUMNS}))


def by_day(actor: Any, days: int) -> list[Line]:
    """Return a line for each of the last days, the oldest first, days without a call too."""
    rows: dict[date, Any] = {row["day"]: row for row in _shown(actor, days).values("day", *COLUMNS)}
    lines = []
    for back in range(days - 1, -1, -1):
        day = today() - timedelta(days=back)
        lines.append(Line(day.isoformat(), "", _sums(rows.get(day, {})), day))
    return lines


def by(actor: Any, dimension: str, days: int) -> list[Line]:
    """Return the dearest agents, models, people or projects of the last days, at most 50. Raises Forbidden."""
    require(actor, VIEW)
    rows = UsageDay.objects.filter(dimension=dimension, day__gt=today() - timedelta(days=days))
    sums = {name: Sum(name) for name in COLUMNS}
    grouped: Any = (
        rows.values("key").annotate(label=Max("label"), **sums).order_by("-cost", "-calls", "key")[:MOST_LINES]
    )
    return [Line(row["key"], row["label"], _sums(row)) for row in grouped]


def _sums(row: Mapping[str, Any]) -> Sums:
    return Sums(**{name: row[name] for name in COLUMNS if row.get(name)})


def _shown(actor: Any, days: int) -> QuerySet[UsageDay]:
    since = today() - timedelta(days=days)
    rows = UsageDay.objects.filter(day__gt=since)
    if actor.has_perm(VIEW):
        return rows.filter(dimension=Dimension.TOTAL, key="")
    return rows.filter(dimension=Dimension.PERSON, key=str(actor.pk))


def cost_of_run(run_id: UUID) -> Decimal:
    """Return what all calls of a run came to, in US dollars; those that broke off are in it."""
    return UsageRecord.objects.filter(run_id=run_id).aggregate(cost=Sum("cost"))["cost"] or Decimal(0)


def records(actor: Any) -> QuerySet[UsageRecord]:
    """Return the calls that somebody may see: all, or those made for them."""
    found = UsageRecord.objects.all()
    return found if actor.has_perm(VIEW) else found.filter(user_id=actor.pk)
