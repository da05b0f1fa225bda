"""What is due becomes an occurrence, once, and a job that starts it."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import F
from django.utils import timezone

from apps.core.tenancy import has_tenant
from apps.jobs import services as jobs
from apps.jobs.types import AGENTS
from apps.workflows import timing
from apps.workflows.models import Automation, Occurrence
from apps.workflows.types import START, TICK

LATE, KEPT_FOR = timedelta(hours=1), timedelta(days=90)
MOST_AT_ONCE = 100
"""Missed times that are made up for in one go; what is left follows at once."""


def plan(automation: Automation, *, after: datetime | None = None) -> None:
    """Write down when an automation is due next, and queue the job that notices it; nothing for one that is paused or waits for an event.

    A job that an earlier plan left finds nothing due and does nothing.
    """
    next_at = None
    if automation.is_active and automation.kind == Automation.Kind.SCHEDULE:
        next_at = timing.next_time(after or timezone.now(), automation.cron, automation.time_zone)
    Automation.objects.filter(pk=automation.pk).update(next_at=next_at)
    automation.next_at = next_at
    if next_at is not None:
        jobs.enqueue(kind=TICK, queue=AGENTS, object_id=automation.pk, not_before=next_at, is_owed=True)


def note_due(automation: Automation, *, now: datetime) -> None:
    """Make occurrences of the times that have come, all of them or the last for all, and plan the next. The row is locked."""
    if automation.next_at is None or automation.next_at > now:
        return
    following = timing.times_after(automation.next_at, automation.cron, automation.time_zone)
    if automation.catch_up == Automation.CatchUp.EACH:
        came = [automation.next_at]
        came += [due for due in islice(following, MOST_AT_ONCE - 1) if due <= now]
        for due in came:
            begin(automation, Occurrence.Cause.SCHEDULE, due.isoformat(), due_at=due)
        plan(automation, after=came[-1])
        return
    last, missed = automation.next_at, 0
    for due in following:
        if due > now:
            break
        last, missed = due, missed + 1
    begin(automation, Occurrence.Cause.SCHEDULE, last.isoformat(), due_at=last, missed=missed)
    plan(automation, after=last)


def begin(
    automation: Automation,
    cause: Occurrence.Cause,
    key: str,
    *,
    due_at: datetime | None = None,
    brought: dict[str, Any] | None = None,
    missed: int = 0,
) -> Occurrence:
    """Have an automation start its agent; the same key gives the same occurrence, which starts once."""
    about = {"cause": cause, "due_at": due_at or timezone.now(), "brought": brought or {}, "missed": missed}
    occurrence, is_new = Occurrence.objects.get_or_create(automation=automation, key=key[:100], defaults=about)
    if is_new:
        jobs.enqueue(kind=START, queue=AGENTS, object_id=occurrence.pk, dedupe_key=str(occurrence.pk), is_owed=True)
    return occurrence


def mend() -> int:
    """Plan anew what should have been noticed an hour ago: its job is gone, as after a copy of the data was put back."""
    if not has_tenant():
        return 0
    late = Automation.objects.filter(is_active=True, next_at__lt=timezone.now() - LATE)
    for automation in late:
        jobs.enqueue(kind=TICK, queue=AGENTS, object_id=automation.pk, is_owed=True)
    return len(late)


def forget_old() -> int:
    """Let go of what was noted about times long past; the runs stay."""
    if not has_tenant():
        return 0
    return Occurrence.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def waiting_for(event: str) -> Any:
    """Return the automations of active people that an event starts."""
    found = Automation.objects.filter(kind=Automation.Kind.EVENT, event=event, is_active=True, owner__is_active=True)
    return found.select_related("owner", "collection", "connection").order_by(F("created_at"))
