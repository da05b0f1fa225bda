"""What pages and the API show of automations."""

from typing import Any

from django.utils import timezone

from apps.workflows import timing
from apps.workflows.models import Automation, Delivery, Occurrence

SHOWN_TIMES = 3


def starts_in_words(automation: Automation) -> str:
    """Say when an automation starts."""
    if automation.kind == Automation.Kind.SCHEDULE:
        return timing.words_for(automation.cron)
    about = automation.collection or automation.connection
    return f"{automation.get_event_display()}: {about.name}" if about else str(automation.get_event_display())


def about(automation: Automation) -> dict[str, Any]:
    """Return what the page of an automation shows besides its row."""
    coming = []
    if automation.next_at is not None:
        first = automation.next_at
        after = timing.next_times(first, automation.cron, automation.time_zone, SHOWN_TIMES - 1)
        coming = [first, *after]
    return {"automation": automation, "words": starts_in_words(automation), "coming": coming, "now": timezone.now()}


def is_open(occurrence: Occurrence) -> bool:
    """Say whether something of an occurrence is still to come."""
    run, execution = occurrence.run, occurrence.execution
    is_going = occurrence.state == Occurrence.State.DUE or (run is not None and not run.is_final)
    is_going |= execution is not None and execution.state == execution.State.RUNNING
    return is_going or any(each.state == Delivery.State.QUEUED for each in occurrence.deliveries.all())
