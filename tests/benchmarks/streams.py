"""Time to first text and whole turns through the product, against calling the stand-in directly; 1, 32, 128 at once."""

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
            direct = _all(count, lambda: _direct(server.url))
            through = _all(count, lambda: _through(live, token, agent))
            for place, what in ((0, "first text"), (1, "whole turn")):
                yield (
                    f"{what}, {count} at once, p50 seconds",
                    statistics.median(r[place] for r in through),
                    statistics.median(r[place] for r in direct),
                )


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


def _direct(url):
    import httpx

    started, first = time.perf_counter(), None
    with httpx.stream(
        "POST", f"{url}/chat/completions", json={"messages": [{"role": "user", "content": "x"}]}, timeout=60
    ) as answer:
        for line in answer.iter_lines():
            if first is None and "content" in line:
                first = time.perf_counter() - started
    return first, time.perf_counter() - started


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
