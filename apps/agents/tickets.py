"""Tickets for the socket of a run."""

from typing import Any
from uuid import UUID

from apps.core import tickets
from apps.core.caller import current_caller

KIND = "run"


def write_ticket(*, actor: Any, run_id: UUID) -> str:
    """Return a ticket for a run: whoever asks may hand it to a browser. Raises RedisError while Redis is away."""
    second = current_caller().has_second_factor
    return tickets.write(KIND, {"user": str(actor.pk), "run": str(run_id), "second": second})


def tear(text: str) -> dict[str, Any] | None:
    """Return `user`, `run` and whether a `second` factor was used; None for a ticket that opens nothing."""
    return tickets.tear(KIND, text)
