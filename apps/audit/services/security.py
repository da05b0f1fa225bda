"""Looking at security events, and saying that they were dealt with."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.audit import actions
from apps.audit.actions import Severity
from apps.audit.models import SecurityEvent
from apps.audit.querysets import SecurityQuerySet
from apps.audit.services.trail import record
from apps.audit.types import SecuritySearch
from apps.core.permissions import require

DAYS = 14
KEPT_FOR = timedelta(days=365)


def read(*, actor: Any, search: SecuritySearch) -> SecurityQuerySet:
    """Return the events that fit, the latest first, and record that they were looked at. Raises Forbidden."""
    require(actor, "audit.view_securityevent")
    record(actions.SECURITY_READ, actor=actor, after=search.as_json())
    found = SecurityEvent.objects.matching(search.words).filter(severity__gte=search.least)
    if search.kind:
        found = found.filter(kind=search.kind)
    if search.state:
        found = found.filter(handled_at__isnull=search.state == "open")
    return found


def open_by_severity(actor: Any) -> dict[Severity, int]:
    """Return how many events of each severity are open, the worst first. Raises Forbidden."""
    require(actor, "audit.view_securityevent")
    counted = dict(SecurityEvent.objects.open().order_by().values_list("severity").annotate(Count("pk")))
    return {severity: counted.get(severity, 0) for severity in reversed(Severity)}


def by_day(actor: Any) -> list[tuple[date, dict[Severity, int]]]:
    """Return for each of the last 14 days, today last, how many events of each severity there were. Raises Forbidden."""
    require(actor, "audit.view_securityevent")
    today = timezone.localdate()
    days = [today - timedelta(days=n) for n in reversed(range(DAYS))]
    found = SecurityEvent.objects.filter(last_at__date__gte=days[0]).annotate(day=TruncDate("last_at"))
    rows = found.order_by().values_list("day", "severity").annotate(Count("pk"))
    counted = {(day, severity): count for day, severity, count in rows}
    return [(day, {severity: counted.get((day, severity), 0) for severity in Severity}) for day in days]


def forget_old() -> int:
    """Delete the events of more than a year ago; return how many."""
    return SecurityEvent.objects.filter(last_at__lt=timezone.now() - KEPT_FOR).delete()[0]


@transaction.atomic
def handle(*, actor: Any, event: SecurityEvent, note: str = "") -> None:
    """Say that an event was dealt with; it opens again by itself when it goes on. Raises Forbidden."""
    require(actor, "audit.handle_securityevent")
    event.handled_at, event.handled_by, event.note = timezone.now(), str(actor)[:254], " ".join(note.split())[:300]
    event.save(update_fields=["handled_at", "handled_by", "note"])
    record(actions.SECURITY_HANDLED, actor=actor, target=event, after={"note": event.note})


@transaction.atomic
def reopen(*, actor: Any, event: SecurityEvent) -> None:
    """Take back that an event was dealt with. Raises Forbidden."""
    require(actor, "audit.handle_securityevent")
    event.handled_at, event.handled_by = None, ""
    event.save(update_fields=["handled_at", "handled_by"])
    record(actions.SECURITY_REOPENED, actor=actor, target=event)
