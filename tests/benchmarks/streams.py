"""Time to first text, whole turns and each chunk through the product, against the vendor's bare SDK; 1, 32, 128 at once.

The bare SDK is one asynchronous client in this process that stores nothing; the product authenticates, meters, stores each step and streams on.
"""

import asyncio
import statistics
import threading
import time

import orjson

from tests.promises.load import model
from tests.standin.server import says

TOKENS, DELAY_S = 100, 0.02


def measure(live, is_full):
    with model(live, says("", tokens=[f"t{n} " for n in range(TOKENS)], delay_s=DELAY_S)) as server:
        token = live.token()
        with live.api() as api:
            agent = api.get("/api/v1/agents/").json()[0]["id"]
        _through(live, token, agent)  # the first call of a worker imports the client: not what is measured
        for count in (1, 32, 128):
            direct = asyncio.run(_bare_sdk(server.url, count))
            through = _all(count, lambda: _through(live, token, agent))
            for place, what in ((0, "first text"), (1, "whole turn")):
                yield (
                    f"{what}, {count} at once, p50 seconds",
                    statistics.median(r[place] for r in through),
                    statistics.median(r[place] for r in direct),
                )
            yield f"overhead a chunk, {count} at once, p50 ms", _chunk_ms(through), _chunk_ms(direct)


def _all(count, call):
    results, lock = [], threading.Lock()

    def run():
        result = call()
        with lock:
            results.append(result)

    threads = [threading.Thread(target=run) for _ in range(count)]
    [thread.start() for thread in threads]
    [thread.join(120) for thread in threads]
    assert len(results) == count, (len(results), count)
    return results


def _chunk_ms(results):
    """Milliseconds that a chunk takes beyond the pause in which the vendor writes none."""
    return statistics.median(((whole - first) / (TOKENS - 1) - DELAY_S) * 1000 for first, whole in results)


async def _bare_sdk(url, count):
    import openai

    async def one(client):
        started, first = time.perf_counter(), None
        stream = await client.chat.completions.create(
            model="scripted", messages=[{"role": "user", "content": "x"}], stream=True
        )
        async for chunk in stream:
            if first is None and chunk.choices and chunk.choices[0].delta.content:
                first = time.perf_counter() - started
        return first, time.perf_counter() - started

    async with openai.AsyncOpenAI(base_url=url, api_key="x", max_retries=0, timeout=120) as client:
        return await asyncio.gather(*(one(client) for _ in range(count)))


def _through(live, token, agent):
    started, first = time.perf_counter(), None
    with live.http(Authorization=f"Bearer {token}") as api:
        run = api.post(f"/api/v1/agents/{agent}/chat", json={"text": "x"}).raise_for_status().json()["run"]
        with api.stream("GET", f"/api/v1/runs/{run}/events", timeout=120) as answer:
            kind = ""
            for line in answer.iter_lines():
                key, _, value = line.partition(": ")
                if key == "event":
                    kind = value
                if key == "data" and kind == "text" and first is None and orjson.loads(value).get("d"):
                    first = time.perf_counter() - started
    return first, time.perf_counter() - started
