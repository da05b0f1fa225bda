"""Live streams: one Redis Stream a run, written by workers, read by one reader a web process.

The entry id is the resume token. Nothing here is the truth: when Redis is away or has forgotten, the rows tell all.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import orjson
import redis.asyncio as redis
import structlog
from django.conf import settings
from redis.exceptions import RedisError

from apps.agents.types import StreamEvent
from apps.core.tenancy import scoped
from apps.core.wire import run_on_wire

log = structlog.get_logger(__name__)
MAX_ENTRIES = 2_000
KEEP_S = 3_600
BLOCK_MS = 5_000
BEGINNING = "0-0"


def run_key(run_id: object) -> str:
    """Name the stream of a run of the active tenant."""
    return scoped("run", run_id)


def conversation_key(conversation_id: object) -> str:
    """Name the stream that tells a conversation's readers of new messages."""
    return scoped("conversation", conversation_id)


def _connect() -> "redis.Redis":
    pool = redis.BlockingConnectionPool.from_url(
        settings.REDIS_URL, max_connections=50, timeout=5, socket_connect_timeout=2, socket_timeout=BLOCK_MS / 1000 + 5
    )
    return redis.Redis(connection_pool=pool)


class Publisher:
    """Writes to streams from one event loop; a Redis that is away is noted once and does not stop anybody."""

    def __init__(self) -> None:
        self._redis: redis.Redis | None = None
        self._is_down = False

    async def publish(self, key: str, event: StreamEvent) -> None:
        """Append an event; never raises for Redis' sake."""
        self._redis = self._redis or _connect()
        body: dict[Any, Any] = {"e": orjson.dumps({"k": event.kind, **event.data}, default=str)}
        try:
            async with asyncio.timeout(2), self._redis.pipeline(transaction=False) as pipe:
                pipe.xadd(key, body, maxlen=MAX_ENTRIES, approximate=True)
                pipe.expire(key, KEEP_S)
                await pipe.execute()
            self._is_down = False
        except (RedisError, OSError, TimeoutError) as error:
            if not self._is_down:
                log.warning("stream_unreachable", error=type(error).__name__)
            self._is_down = True


publisher = Publisher()


class StreamHub:
    """One XREAD for all the streams that this process follows, fanned out in memory."""

    def __init__(self) -> None:
        self._redis = _connect()
        self._queues: dict[str, set[asyncio.Queue[StreamEvent | None]]] = defaultdict(set)
        self._positions: dict[str, str] = {}
        self._wake_key = f"guildhall:wake:{uuid4().hex}"
        self._woken = BEGINNING
        self._task: asyncio.Task[None] | None = None

    async def follow(self, key: str, after: str = BEGINNING) -> AsyncIterator[StreamEvent]:
        """Yield what stands in the stream after that id, then what comes, each once and in order.

        Raises ConnectionError when Redis is away or this follower was too slow: read the rows, then follow anew.
        """
        queue: asyncio.Queue[StreamEvent | None] = asyncio.Queue(MAX_ENTRIES * 2)
        try:
            for event in await self._join(key, queue, after):
                after = event.id
                yield event
            while (newer := await queue.get()) is not None:
                if _order(newer.id) > _order(after):
                    after = newer.id
                    yield newer
        except (RedisError, OSError, TimeoutError) as error:
            raise ConnectionError("The live stream is away.") from error
        finally:
            self._leave(key, queue)
        raise ConnectionError("The live stream is away.")

    async def end_of(self, key: str) -> str:
        """Return the id of the newest entry, to follow what comes after it. Raises ConnectionError."""
        try:
            newest: Any = await self._redis.xrevrange(key, count=1)
        except (RedisError, OSError, TimeoutError) as error:
            raise ConnectionError("The live stream is away.") from error
        return newest[0][0].decode() if newest else BEGINNING

    async def entries(self, key: str, after: str = BEGINNING) -> list[StreamEvent]:
        """Return what stands in the stream after that id. Raises ConnectionError."""
        try:
            found: Any = await self._redis.xrange(key, min=f"({after}" if after != BEGINNING else "-")
        except (RedisError, OSError, TimeoutError) as error:
            raise ConnectionError("The live stream is away.") from error
        return [_event(entry_id, body) for entry_id, body in found]

    async def _join(self, key: str, queue: asyncio.Queue[StreamEvent | None], after: str) -> list[StreamEvent]:
        """Add a follower; return what it would miss because the reader is past it already."""
        is_new = key not in self._positions
        self._queues[key].add(queue)
        if is_new:
            self._positions[key] = after
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read(), name="stream-hub")
        else:
            await self._redis.xadd(self._wake_key, {"w": 1}, maxlen=10)
        if is_new:
            return []
        return await self.entries(key, after)

    def _leave(self, key: str, queue: asyncio.Queue[StreamEvent | None]) -> None:
        self._queues[key].discard(queue)
        if not self._queues[key]:
            self._queues.pop(key, None)
            self._positions.pop(key, None)

    async def _read(self) -> None:
        try:
            while self._queues:
                wanted: dict[Any, Any] = {self._wake_key: self._woken, **self._positions}
                answer: Any = await self._redis.xread(wanted, block=BLOCK_MS, count=500)
                for name, entries in answer:
                    self._deliver(name.decode(), entries)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("stream_reader_lost", error=type(error).__name__)
            for queue in [queue for queues in self._queues.values() for queue in queues]:
                _end(queue)

    def _deliver(self, key: str, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        if key == self._wake_key:
            self._woken = entries[-1][0].decode()
            return
        if key in self._positions:
            self._positions[key] = entries[-1][0].decode()
        events = [_event(entry_id, body) for entry_id, body in entries]
        for queue in self._queues.get(key, ()):
            for event in events:
                try:
                    queue.put_nowait(event)
                except asyncio.QueueFull:
                    _end(queue)
                    break


def _end(queue: asyncio.Queue[StreamEvent | None]) -> None:
    while queue.full():
        queue.get_nowait()
    queue.put_nowait(None)


def _event(entry_id: bytes, body: dict[bytes, bytes]) -> StreamEvent:
    data = orjson.loads(body[b"e"])
    return StreamEvent(data.pop("k"), data, entry_id.decode())


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def is_entry_id(text: str) -> bool:
    """Say whether a client's resume token could be one of ours."""
    milliseconds, dash, sequence = text.partition("-")
    return (
        bool(dash) and milliseconds.isascii() and milliseconds.isdigit() and sequence.isascii() and sequence.isdigit()
    )


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, StreamHub] = WeakKeyDictionary()


def hub() -> StreamHub:
    """Return the hub of the running event loop: one for each web process."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = StreamHub()
    return _hubs[loop]


def rights_key(user_id: object) -> str:
    """Name the stream that tells a person's open pages to look again at what they may do."""
    return scoped("rights", user_id)


def announce_rights(user_id: object) -> None:
    """Tell a person's open pages that their rights changed, from synchronous code; lost without harm without Redis."""
    run_on_wire(publisher.publish(rights_key(user_id), StreamEvent("message", {})), timeout_s=5.0)


def announce(conversation_id: object, message_id: object) -> None:
    """Tell a conversation's readers of a new message, from synchronous code; lost without harm when Redis is away."""
    event = StreamEvent("message", {"id": str(message_id)})
    run_on_wire(publisher.publish(conversation_key(conversation_id), event), timeout_s=5.0)


def announce_approval(run_id: object) -> None:
    """Tell a run's readers that something in it waits for people or was decided; lost without harm when Redis is away."""
    run_on_wire(publisher.publish(run_key(run_id), StreamEvent("approval", {})), timeout_s=5.0)
