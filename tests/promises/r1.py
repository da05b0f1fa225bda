import contextlib
import threading

from tests.promises.load import ask_many, await_runs, doubled_steps, model, without_reply
from tests.standin.server import search_then_say

PROMISE = "a run survives its worker"
FAULT = "kill -9 of the agents worker every 2.5 s"
PROMISED = "0 lost, 0 steps twice"
EVERY_S = 2.5


class Killer(threading.Thread):
    """Kills the worker while runs come in and are worked on, a limited number of times so that they can end."""

    def __init__(self, live, most):
        super().__init__(daemon=True)
        self.live, self.most, self.kills, self.stopped = live, most, 0, threading.Event()

    def run(self):
        while self.kills < self.most and not self.stopped.wait(EVERY_S):
            with contextlib.suppress(ProcessLookupError):
                self.live.kill("agents")
                self.kills += 1


def prove(live, is_full):
    count, least = (1000, 10) if is_full else (200, 3)
    killer = Killer(live, 200 if is_full else 6)
    with model(live, search_then_say("Staff get 28 days of leave [1].", delay_s=0.08)), live.api() as api:
        killer.start()
        ids = [message["run"] for message in ask_many(api, count)]
        states = await_runs(live, ids, timeout_s=1200 if is_full else 240)
        killer.stopped.set()
        killer.join(10)
    good = states.get("succeeded", 0)
    lost, twice, bare = count - sum(states.values()), doubled_steps(live, ids), without_reply(live, ids)
    reached = f"{good}/{count} done, {killer.kills} kills, {lost} lost, {twice} twice, {bare} bare"
    return reached, good == count and killer.kills >= least and not (twice or bare)
