import time

from tests.promises.load import ask_many, await_runs, doubled_steps, model, without_reply
from tests.standin.server import search_then_say

PROMISE = "Redis may vanish"
FAULT = "Redis killed, then flushed, during runs"
PROMISED = "0 lost, no 500"


def prove(live, is_full):
    count, codes = (1000 if is_full else 40), []
    with model(live, search_then_say("Staff get 28 days of leave [1].", delay_s=0.1)), live.api() as api:
        ids = [m["run"] for m in ask_many(api, count // 2, codes)]
        live.kill_server("redis")
        ids += [m["run"] for m in ask_many(api, count - count // 2, codes)]
        time.sleep(1)
        try:
            live.redis().flushall()
        except Exception:
            codes.append("flush missed")
        states = await_runs(live, ids, 300)
    good, twice, bare = states.get("succeeded", 0), doubled_steps(live, ids), without_reply(live, ids)
    errors = sum(1 for code in codes if code == 500 or code == "flush missed")
    return f"{good}/{count} done, {twice} twice, {bare} bare, {errors} errors", good == count and not (
        twice or bare or errors
    )
