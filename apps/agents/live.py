"""Follow a run as it goes: what its stream tells, then the end with the whole answer, whatever became of the stream."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any
from uuid import UUID

from apps.agents.models import Run
from apps.agents.stream import BEGINNING, hub, rights_key, run_key
from apps.agents.types import StreamEvent
from apps.core.sockets import query
from apps.core.tenancy import tenant_context

KEEP_ALIVE_S = 15.0
POLL_S = 1.0


async def follow(tenant: Any, run_id: UUID, after: str = BEGINNING) -> AsyncGenerator[StreamEvent | None, None]:
    """Yield the events of a run that are newer than `after`, the last one of the kind "end"; None now and then while nothing happens.

    For responses that are sent after the middleware has left the tenant: it is entered here again for each event.
    """
    events = _events(run_id, after)
    pending: asyncio.Future[StreamEvent] | None = None
    try:
        while True:
            with tenant_context(tenant):
                pending = pending or asyncio.ensure_future(anext(events))
            await asyncio.wait({pending}, timeout=KEEP_ALIVE_S)
            if not pending.done():
                yield None
                continue
            event, pending = pending.result(), None
            yield event
            if event.kind == "end":
                return
    except StopAsyncIteration:
        return
    finally:
        if pending is not None:
            pending.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await pending
        await events.aclose()  # type: ignore[attr-defined]


async def until_out(user_id: UUID, is_welcome: Callable[[], bool]) -> None:
    """Return as soon as somebody's rights changed so that they are welcome no more."""
    key = rights_key(user_id)
    while True:
        try:
            async for _event in hub().follow(key, await hub().end_of(key)):
                if not await query(is_welcome):
                    return
        except ConnectionError:
            await asyncio.sleep(POLL_S)


async def _events(run_id: UUID, after: str) -> AsyncIterator[StreamEvent]:
    """Yield what is newer than `after`, then the end with the whole answer, whatever became of the stream."""
    key = run_key(run_id)
    while not (run := await query(Run.objects.get, pk=run_id)).is_final:
        try:
            async for event in _until_end(run_id, key, after):
                after = event.id
                yield event
        except ConnectionError:
            await asyncio.sleep(POLL_S)
    for event in await _rest(key, after):
        yield event
    yield StreamEvent("end", {"state": run.state, "answer": run.answer, "error": run.error})


async def _until_end(run_id: UUID, key: str, after: str) -> AsyncIterator[StreamEvent]:
    """Follow the stream until its end event; a silent stream is checked against the row now and then."""
    events = hub().follow(key, after)
    pending: asyncio.Future[StreamEvent] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(events))
            await asyncio.wait({pending}, timeout=POLL_S)
            if not pending.done():
                if (await query(Run.objects.get, pk=run_id)).is_final:
                    return
                continue
            event, pending = pending.result(), None
            if event.kind == "end":
                return
            yield event
    finally:
        if pending is not None:
            pending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError, StopAsyncIteration):
                await pending
        await events.aclose()  # type: ignore[attr-defined]


async def _rest(key: str, after: str) -> list[StreamEvent]:
    """Return what stands in the stream of a finished run after an id; nothing when Redis is away or forgot it."""
    try:
        return [event for event in await hub().entries(key, after) if event.kind != "end"]
    except ConnectionError:
        return []
