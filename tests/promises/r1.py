import contextlib
import random
import threading
import time

from tests.promises.load import ask_many, await_runs, doubled_steps, model, without_reply
from tests.standin.server import search_then_say

PROMISE = "a run survives its worker"
FAULT = "kill -9 of the worker, ≤ 2.5 s after what the last one stopped went on"
PROMISED = "0 lost, 0 twice, resumed in 5 s (p95)"
RESUMED_S = 5
LEASE_S = 3  # tests.live sets JOB_LEASE_S
AT_WORK_S = 2.5
RUNNING = "SELECT id, fence FROM jobs_job WHERE queue = 'agents' AND state = 'running'"
IS_AT_WORK = """
    SELECT bool_or(state = 'running') AND NOT bool_or(deaths > 0 OR (state = 'running' AND lease_until < now()))
    FROM jobs_job WHERE queue = 'agents' AND state IN ('queued', 'running')
"""


class Killer(threading.Thread):
    """Kills a worker that holds runs, a limited number of times so that they can end; measures how long runs lie idle.

    A kill waits until each run that the last one stopped has taken a step further: a step whose worker dies three times
    over is given up, which is R10. A run lies idle from the moment its lease is over and a worker is there (the first run
    goes on), since by the wall clock one would measure how slowly it boots.
    """

    def __init__(self, live, most):
        super().__init__(daemon=True)
        self.live, self.most, self.kills, self.stopped = live, most, 0, threading.Event()
        self.back_at, self.interrupted, self.waits = 0.0, {}, []

    def run(self):
        while self._await_work():
            end = time.monotonic() + random.uniform(0.1, AT_WORK_S)
            while time.monotonic() < end and not self.stopped.wait(0.1):
                self._note_resumed()
            if self.kills < self.most and not self.stopped.is_set():
                self._kill()

    def _await_work(self):
        while not self.stopped.wait(0.1):
            self._note_resumed()
            if self.live.sql(IS_AT_WORK)[0][0]:
                return True
        return False

    def _kill(self):
        with contextlib.suppress(ProcessLookupError):
            self.live.kill("agents")
            self.kills += 1
        now = time.monotonic()
        self.back_at = 0.0
        self.interrupted |= {job: (fence, now) for job, fence in self.live.sql(RUNNING)}

    def _note_resumed(self):
        """A run goes on when another worker has raised its fence, or it has ended."""
        if not self.interrupted:
            return
        fences = dict(self.live.sql("SELECT id, fence FROM jobs_job WHERE id = ANY(%s)", list(self.interrupted)))
        for job, (fence, since) in list(self.interrupted.items()):
            if fences.get(job) != fence:
                self.back_at = self.back_at or time.monotonic()
                self.waits.append(max(0.0, time.monotonic() - max(self.back_at, since + LEASE_S)))
                del self.interrupted[job]

    def p95(self):
        """The seconds within which 95 of 100 interrupted runs went on."""
        ordered = sorted(self.waits)
        return ordered[int(len(ordered) * 0.95)] if ordered else 0.0


def prove(live, is_full):
    count, least = (1000, 10) if is_full else (200, 3)
    killer = Killer(live, 200 if is_full else 6)
    with model(live, search_then_say("Staff get 28 days of leave [1].", delay_s=0.08)), live.api() as api:
        killer.start()
        ids = [message["run"] for message in ask_many(api, count)]
        states = await_runs(live, ids, timeout_s=1200 if is_full else 240)
        killer.stopped.set()
        killer.join(10)
    good, p95 = states.get("succeeded", 0), killer.p95()
    lost, twice, bare = count - sum(states.values()), doubled_steps(live, ids), without_reply(live, ids)
    reached = f"{good}/{count} done, {killer.kills} kills, {lost} lost, {twice} twice, {bare} bare, p95 {p95:.1f} s"
    kept = good == count and killer.kills >= least and not (twice or bare)
    return reached, kept and killer.waits and p95 <= RESUMED_S
