from tests.promises.load import ask_many, await_runs, doubled_steps, model, without_reply
from tests.live import wait_for
from tests.standin.server import search_then_say

PROMISE = "PostgreSQL may restart"
FAULT = "PostgreSQL killed with -9, twice, during runs"
PROMISED = "0 lost, no 500, healthy in 30 s"


def prove(live, is_full):
    count, codes = (1000 if is_full else 40), []
    with model(live, search_then_say("Staff get 28 days of leave [1].", delay_s=0.1)), live.api() as api:
        ids = []
        for _ in range(2):
            ids += [m["run"] for m in ask_many(api, count // 2, codes)]
            live.kill_server("postgres")
            wait_for(lambda: _is_ready(live), 30, 0.3)
        states = await_runs(live, ids, 300)
    good, twice, bare = states.get("succeeded", 0), doubled_steps(live, ids), without_reply(live, ids)
    errors = sum(1 for code in codes if code == 500)
    return f"{good}/{count} done, {twice} twice, {bare} bare, {errors} x 500", good == count and not (
        twice or bare or errors
    )


def _is_ready(live):
    import httpx

    try:
        with live.http() as client:
            return client.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False
