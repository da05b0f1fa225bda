"""Runs with and without kill -9 of their worker: what survival costs in time."""

import time

from tests.promises.load import ask_many, await_runs, model
from tests.standin.server import search_then_say


def measure(live, is_full):
    count = 1000 if is_full else 100
    with model(live, search_then_say("Staff get 28 days [1].", delay_s=0.03)), live.api() as api:
        quiet_s = _timed(live, api, count, kill_every_s=None)
        killed_s = _timed(live, api, count, kill_every_s=2.5)
    yield f"{count} runs under kills against without, seconds", killed_s, quiet_s


def _timed(live, api, count, kill_every_s):
    started = time.monotonic()
    ids = [message["run"] for message in ask_many(api, count)]
    while True:
        try:
            states = await_runs(live, ids, kill_every_s or 300)
        except AssertionError:
            live.kill("agents")
            continue
        assert states == {"succeeded": count}, states
        return time.monotonic() - started
