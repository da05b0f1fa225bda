"""Database work of sockets: the one place that may hop from the event loop to a thread for it."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async

from apps.core.limits import trusted_address

P = ParamSpec("P")
T = TypeVar("T")


async def query(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a synchronous function in a thread, inside the tenant that is active here."""
    return await database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)


def socket_address(scope: dict[str, Any]) -> str:
    """Return the address of a socket's other end; behind trusted proxies the one that they name."""
    forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
    return trusted_address(forwarded, (scope.get("client") or ("",))[0])
