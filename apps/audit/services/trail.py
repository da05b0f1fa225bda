"""Writing the audit, inside the transaction of the action it records; reading it, which is recorded too."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.db import models

from apps.audit import actions, chain, watch
from apps.audit.actions import Action
from apps.audit.chain import Fault
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditQuerySet
from apps.audit.types import Search
from apps.core.caller import correlation_id, current_caller
from apps.core.permissions import require
from apps.core.tenancy import has_tenant


def record(
    action: Action,
    *,
    actor: Any,
    target: models.Model | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    subject: str = "",
) -> AuditEvent:
    """Store one event; `actor` is a user, or None for the system. Address and correlation id come from the request.

    An action with a severity is noticed as a security event as well, about the target or the `subject`.
    """
    if action.severity is not None:
        about = subject or (str(target) if target is not None and target != actor else "")
        watch.notice(action, actor=actor, subject=about, details=after)
    context = structlog.contextvars.get_contextvars()
    is_person = actor is not None and actor.pk is not None
    return AuditEvent.objects.create(
        action=action.name,
        through=current_caller().through[:160] or None,
        actor_kind=_kind_of(actor) if is_person else AuditEvent.ActorKind.SYSTEM,
        actor_id=str(actor.pk) if actor is not None and is_person else "",
        actor_name=str(actor)[:254] if is_person else "",
        target_type=target._meta.label_lower if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        target_name=str(target)[:254] if target is not None else "",
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        address=context.get("ip") or None,
        correlation_id=correlation_id(),
    )


def _kind_of(actor: Any) -> AuditEvent.ActorKind:
    """Tell operators from people: on the platform's own site, and as support inside an organisation."""
    is_operator = not has_tenant() or getattr(actor, "operator_id", None) is not None
    return AuditEvent.ActorKind.OPERATOR if is_operator else AuditEvent.ActorKind.USER


def check(known: str = "") -> list[Fault]:
    """Verify the chain of the active schema; one that is broken is a critical security event. Raises ValueError as verify() does."""
    faults = list(chain.verify(known))
    if faults:
        details = {str(fault.seq): fault.reason for fault in faults[:100]}
        watch.notice(actions.AUDIT_BROKEN, subject=f"#{faults[0].seq}", details=details)
    return faults


def read(*, actor: Any, search: Search) -> AuditQuerySet:
    """Return the events that fit, newest first, and record that they were read. Raises Forbidden."""
    require(actor, "audit.view_auditevent")
    record(actions.AUDIT_READ, actor=actor, after=search.as_json())
    return find(search)


def export(*, actor: Any, search: Search, form: str) -> AuditQuerySet:
    """Return the events that fit, oldest first, and record that they were taken out. Raises Forbidden."""
    require(actor, "audit.export_auditevent")
    record(actions.AUDIT_EXPORTED, actor=actor, after={**search.as_json(), "format": form})
    return find(search).order_by("seq")


def find(search: Search) -> AuditQuerySet:
    found = AuditEvent.objects.matching(search.words).between(search.since, search.until)
    for field in ("action", "actor_id", "target_id"):
        if value := getattr(search, field):
            found = found.filter(**{field: value})
    return found
