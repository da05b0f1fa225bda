"""Database work of sockets: the one place that may hop from the event loop to a thread for it."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")


async def query(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a synchronous function in a thread, inside the tenant that is active here."""
    return await database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)
