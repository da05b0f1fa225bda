import time

from tests.promises.load import ask_many, await_runs, doubled_steps, model, without_reply
from tests.standin.server import search_then_say

PROMISE = "a run survives its worker"
FAULT = "kill -9 of the agents worker every 2.5 s"
PROMISED = "0 lost, 0 steps twice"


def prove(live, is_full):
    count = 1000 if is_full else 200
    with model(live, search_then_say("Staff get 28 days of leave [1].", delay_s=0.08)), live.api() as api:
        ids = [message["run"] for message in ask_many(api, count)]
        kills, states = 0, None
        deadline = time.monotonic() + (1200 if is_full else 240)
        while states is None and time.monotonic() < deadline:
            time.sleep(2.5)
            if kills < (200 if is_full else 6):
                live.kill("agents")
                kills += 1
            try:
                states = await_runs(live, ids, timeout_s=2.5)
            except AssertionError:
                states = None
    good = (states or {}).get("succeeded", 0)
    lost, twice, bare = count - sum((states or {}).values()), doubled_steps(live, ids), without_reply(live, ids)
    return f"{good}/{count} done, {kills} kills, {lost} lost, {twice} twice, {bare} bare", good == count and not (
        twice or bare
    )
