import os
import signal
import sys
import time
from contextlib import contextmanager

from config.standalone.processes import spawn
from tests.live import ROOT
from tests.promises.load import ask_many, await_runs, doubled_steps, model, without_reply
from tests.standin.server import search_then_say

PROMISE = "a frozen worker does no harm"
FAULT = "SIGSTOP of the worker for 2 leases while it works, with another worker beside it"
PROMISED = "0 late writes: 0 steps twice, 0 lost"
LEASE_S = 3  # tests.live sets JOB_LEASE_S
RUNNING = "SELECT count(*) FROM jobs_job WHERE queue = 'agents' AND state = 'running' AND owner LIKE %s"
TAKEN = "SELECT count(*) FROM jobs_job WHERE object_id = ANY(%s) AND fence > 1"


def prove(live, is_full):
    freezes, count = (50, 10) if is_full else (2, 12)
    ids, caught = [], 0
    with model(live, search_then_say("Staff get 28 days of leave [1].", delay_s=0.3)), live.api() as api, _second(live):
        for _ in range(freezes):
            ids += [message["run"] for message in ask_many(api, count)]
            caught += _freeze(live)
        states = await_runs(live, ids, 240)
        time.sleep(1)
    good, twice, bare = states.get("succeeded", 0), doubled_steps(live, ids), without_reply(live, ids)
    taken = live.sql(TAKEN, ids)[0][0]
    reached = f"{good}/{len(ids)} done, {caught} runs frozen, {taken} taken over, {twice} twice, {bare} bare"
    return reached, good == len(ids) and caught > 0 and taken > 0 and not (twice or bare)


@contextmanager
def _second(live):
    """Another worker beside the instance's own."""
    celery = [sys.executable, "-m", "celery", "-A", "config.celery", "--quiet", "worker", "--without-mingle"]
    command = [*celery, "-l", "WARNING", "-n", "second@%h", "-Q", "agents", "-P", "threads", "-c", "16"]
    child = spawn(command, log=live.folder / "log" / "second.log", environment=live.environment_of("agents"), cwd=ROOT)
    try:
        time.sleep(15)  # until it has loaded the clients of vendors
        assert child.poll() is None, "the second worker did not start"
        yield child
    finally:
        if child.poll() is None:
            os.killpg(os.getpgid(child.pid), signal.SIGKILL)
        child.wait(30)


def _freeze(live):
    """Stop the instance's worker while it holds runs, for two leases; return how many it held."""
    pid = live.pids()["agents"]
    mine, deadline = f"%:{pid}:%", time.monotonic() + 10
    while not (held := live.sql(RUNNING, mine)[0][0]) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(os.getpgid(pid), signal.SIGSTOP)
    time.sleep(2 * LEASE_S)
    os.killpg(os.getpgid(pid), signal.SIGCONT)
    return held
