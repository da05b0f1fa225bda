"""What sockets share: database work in threads, the one place that may hop there from the event loop, and how many somebody has open."""

from collections import Counter
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async

from apps.core.limits import trusted_address

P = ParamSpec("P")
T = TypeVar("T")


MOST_OF_A_USER = 10
_open: Counter[str] = Counter()


def count_in(user_id: object) -> bool:
    """Count a socket of somebody in this process; False, and not counted, when they have MOST_OF_A_USER open."""
    if _open[str(user_id)] >= MOST_OF_A_USER:
        return False
    _open[str(user_id)] += 1
    return True


def count_out(user_id: object) -> None:
    """Forget a counted socket."""
    _open[str(user_id)] -= 1
    if not _open[str(user_id)]:
        del _open[str(user_id)]


async def query(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a synchronous function in a thread, inside the tenant that is active here."""
    return await database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)


def socket_address(scope: dict[str, Any]) -> str:
    """Return the address of a socket's other end; behind trusted proxies the one that they name."""
    forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
    return trusted_address(forwarded, (scope.get("client") or ("",))[0])
