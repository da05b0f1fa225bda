"""From where and how somebody asks: what conditions on access look at.

Set by the middleware, the API's authentication, the sockets and the worker of a run; outside of these a caller has no address and
no second factor, so that a condition does not hold.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import structlog


@dataclass(frozen=True)
class Caller:
    """`address` is an IP address, empty when there is none; `has_second_factor` says that this sign-in used one.

    `through` names what asks for the person, `key:<name>` or `agent:<name>`; empty: they themselves.
    """

    address: str = ""
    has_second_factor: bool = False
    through: str = ""


UNKNOWN = Caller()
_active: ContextVar[Caller] = ContextVar("caller", default=UNKNOWN)


def current_caller() -> Caller:
    """Return who asks; UNKNOWN outside a request or run."""
    return _active.get()


def tenant_of_key(authorization: str) -> str:
    """Return the tenant that an API key in the header names (`gh_<tenant>_…`), empty without one; whether the key is good is seen later."""
    parts = authorization.removeprefix("Bearer ").strip().split("_")
    return parts[1] if len(parts) == 4 and parts[0] == "gh" else ""


def correlation_id() -> str:
    """Return what names the request that this work goes back to, up to 64 characters; empty for what nobody asked for."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def set_caller(caller: Caller) -> None:
    """Name the caller for the rest of this context, as authentication does in the middle of a request."""
    _active.set(caller)


@contextmanager
def calling(caller: Caller) -> Iterator[None]:
    """Name the caller inside the block."""
    token = _active.set(caller)
    try:
        yield
    finally:
        _active.reset(token)
