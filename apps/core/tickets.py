"""Tickets: one opens one socket, once, within half a minute. For clients whose WebSocket cannot carry a header."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from django.core.cache import cache

LASTS_S = 30


def write(kind: str, held: Mapping[str, Any]) -> str:
    """Return a ticket of a kind that stands for what is held, to be used from any address. Raises RedisError while Redis is away."""
    text = secrets.token_urlsafe(32)
    cache.set(_place(kind, text), dict(held), LASTS_S)
    return text


def tear(kind: str, text: str) -> dict[str, Any] | None:
    """Return what a ticket holds; None for one that is torn, too old, of another kind or nobody's."""
    held = cache.get(_place(kind, text)) if text else None
    return held if held is not None and cache.delete(_place(kind, text)) else None  # of two at once one deletes it


def _place(kind: str, text: str) -> str:
    return f"ticket:{kind}:{hashlib.sha256(text.encode()).hexdigest()}"
