"""The live stream: everything once, in order, from any place; Redis away is told as such."""

import asyncio

import pytest

from apps.agents.stream import Publisher, StreamHub, is_entry_id
from apps.agents.types import StreamEvent


async def collect(hub, key, after="0-0"):
    got = []
    async for event in hub.follow(key, after):
        if event.kind == "end":
            return got
        got.append((event.id, event.data["n"]))
    return got


async def test_followers_get_each_event_once_wherever_they_join():
    key, publisher, hub = "guildhall:test:run:1", Publisher(), StreamHub()
    await hub._redis.delete(key)

    async def write():
        for n in range(200):
            await publisher.publish(key, StreamEvent("text", {"n": n}))
            if n % 20 == 0:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
        await publisher.publish(key, StreamEvent("end", {}))

    async def join(delay_s):
        await asyncio.sleep(delay_s)
        return await collect(hub, key)

    writer = asyncio.create_task(write())
    results = await asyncio.wait_for(asyncio.gather(*(join(n * 0.01) for n in range(10))), 20)
    await writer
    assert all([n for _id, n in got] == list(range(200)) for got in results)
    middle = results[0][99][0]
    assert [n for _id, n in await asyncio.wait_for(collect(hub, key, middle), 5)] == list(range(100, 200))


async def test_redis_away_is_a_connection_error(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(ConnectionError):
        await collect(StreamHub(), "guildhall:test:run:2")
    await Publisher().publish("guildhall:test:run:2", StreamEvent("text", {"n": 1}))


@pytest.mark.parametrize(
    ("token", "expected"), [("1-0", True), ("1732-12", True), ("", False), ("x-1", False), ("5", False), ("$", False)]
)
def test_entry_id(token, expected):
    assert is_entry_id(token) is expected
