"""How many requests a web process works on at once: more wait their turn, tenant after tenant, and the rest are told to come back (R8).

Without it ten times the load makes every answer ten times as late, and then everything fails by time-outs; with it
what is taken on is answered about as fast as always. A request that has not begun its answer after HOLD_S waits for
something else (a provider, a long answer) and lends its place to another.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Any

from apps.core.caller import tenant_of_key
from apps.core.refusals import refusal_at

HOLD_S = 2.0
RETRY_S = 2
FREE = ("/health/", "/static/", "/metrics")
"""What costs next to nothing, or must be answered above all when there is too much to do."""
Gate = Callable[[], None]


class Full(Exception):
    """There is no room to wait. `is_own`: others would still find some."""

    def __init__(self, *, is_own: bool) -> None:
        super().__init__("full")
        self.is_own = is_own


class Turns:
    """Places to work at, given to those who wait in turn: the first of each tenant, then the second. For one event loop."""

    def __init__(self, *, places: int, waiting: int) -> None:
        self.free, self.most, self.most_each = places, waiting, max(1, waiting * 3 // 4)
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def take(self, who: str) -> Gate:
        """Wait for a place; return what gives it back, for once. Raises Full when too many wait already."""
        if self.free:
            self.free -= 1
            return self._gate()
        queue = self._queues.get(who, deque())
        if len(queue) >= self.most_each:
            raise Full(is_own=True)
        if sum(map(len, self._queues.values())) >= self.most:
            raise Full(is_own=False)
        turn = asyncio.get_running_loop().create_future()
        self._queues.setdefault(who, queue).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give()
            raise
        return self._gate()

    def _gate(self) -> Gate:
        is_held = True

        def give_back() -> None:
            nonlocal is_held
            if is_held:
                is_held = False
                self._give()

        return give_back

    def _give(self) -> None:
        """Pass a place on to whoever is next, or keep it free."""
        while self._queues:
            who, queue = self._queues.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._queues[who] = queue  # at the end of the round
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1


class AdmissionGuard:
    """Around the HTTP application: takes on as many requests as `turns` has places."""

    def __init__(self, application: Callable[..., Awaitable[None]], turns: Turns) -> None:
        self.application, self.turns = application, turns

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith(FREE):
            await self.application(scope, receive, send)
            return
        try:
            give_back = await self.turns.take(_who(scope))
        except Full as full:
            await _refuse(scope, send, is_own=full.is_own)
            return
        lent = asyncio.get_running_loop().call_later(HOLD_S, give_back)

        async def sending(message: Any) -> None:
            give_back()  # what follows the first line is streamed, or done
            await send(message)

        try:
            await self.application(scope, receive, sending)
        finally:
            lent.cancel()
            give_back()


def _who(scope: Any) -> str:
    """Return what stands for the tenant before anybody looked it up: the one that is named beside the host, or the host."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    named = headers.get(b"x-tenant", "") or tenant_of_key(headers.get(b"authorization", ""))
    return named or headers.get(b"host", "")


async def _refuse(scope: Any, send: Any, *, is_own: bool) -> None:
    status, code = (429, "too_many_requests") if is_own else (503, "unavailable")
    words = "There is too much to do just now. Try again in a moment."
    page = ("text/html; charset=utf-8", _PAGE % (status, words.encode(), status))
    kind, body = refusal_at(scope["path"], status=status, code=code, words=words) or page
    headers = [
        (b"content-type", kind.encode()),
        (b"retry-after", b"%d" % RETRY_S),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


_PAGE = (
    b'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    b'<meta http-equiv="refresh" content="3"><title>%d</title></head><body><h1>%s</h1><p>%d</p></body></html>'
)
