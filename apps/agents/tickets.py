"""Tickets: one opens one socket, once, within half a minute. For clients whose WebSocket cannot carry a header."""

import hashlib
import secrets
from typing import Any
from uuid import UUID

from django.core.cache import cache

from apps.core.caller import current_caller

LASTS_S = 30


def write_ticket(*, actor: Any, run_id: UUID) -> str:
    """Return a ticket for a run, to be used from any address: whoever asks may hand it to a browser. Raises RedisError while Redis is away."""
    text = secrets.token_urlsafe(32)
    ticket = {"user": str(actor.pk), "run": str(run_id), "second": current_caller().has_second_factor}
    cache.set(_place(text), ticket, LASTS_S)
    return text


def tear(text: str) -> dict[str, Any] | None:
    """Return `user`, `run` and whether a `second` factor was used; None for a ticket that is torn, too old or nobody's."""
    held = cache.get(_place(text)) if text else None
    return held if held is not None and cache.delete(_place(text)) else None  # of two at once one deletes it


def _place(text: str) -> str:
    return f"ticket:{hashlib.sha256(text.encode()).hexdigest()}"
