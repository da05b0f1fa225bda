"""Noticing what deserves a look: counted by the hour, growing in severity, told to those who asked for alerts."""

import hashlib
from collections.abc import Mapping
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from apps.audit import deliveries
from apps.audit.actions import Action
from apps.audit.models import SecurityEvent
from apps.core.caller import correlation_id

log = structlog.get_logger(__name__)


@transaction.atomic
def notice(
    action: Action, *, actor: Any = None, subject: str = "", details: Mapping[str, Any] | None = None
) -> SecurityEvent:
    """Count one more of a security event in this hour; a severity that it reaches for the first time is told.

    `actor` is a user or None, `subject` what it is about (for example the address that somebody tried to sign in with).
    """
    context = structlog.contextvars.get_contextvars()
    is_person = actor is not None and actor.pk is not None
    who, address = str(actor.pk) if is_person else "", context.get("ip") or None
    subject = (subject or ("" if is_person else address or ""))[:254]
    key = _key(action, who, subject)
    latest = {
        "address": address,
        "correlation_id": correlation_id(),
        "details": dict(details or {}),
        "handled_at": None,
        "last_at": Now(),
    }
    rows = SecurityEvent.objects.filter(key=key)
    if not rows.update(count=F("count") + 1, **latest):
        name = str(actor)[:254] if is_person else ""
        new = SecurityEvent(key=key, kind=action.name, severity=0, subject=subject, actor_id=who, actor_name=name)
        SecurityEvent.objects.bulk_create([new], ignore_conflicts=True)
        rows.update(count=F("count") + 1, **latest)
    event = rows.get()
    severity = action.severity_at(event.count)
    if rows.filter(severity__lt=severity).update(severity=severity):
        event.severity = severity
        log.warning("security_event", event_kind=event.kind, severity=severity.name.lower(), count=event.count)
        deliveries.tell(event)
    return event


def _key(action: Action, who: str, subject: str) -> str:
    hour = timezone.now().strftime("%Y-%m-%dT%H")
    return hashlib.sha256(f"{action.name}\n{who}\n{subject.casefold()}\n{hour}".encode()).hexdigest()
