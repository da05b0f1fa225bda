import random
import threading
import time

from tests.live import wait_for
from tests.promises.load import model, retry
from tests.standin.server import calls, says

PROMISE = "cancel works"
FAULT = "runs stopped at random points: before, within and between calls of models and tools"
PROMISED = "stopped in 2 s (p95), 0 tool calls after"
STOPPED_S = 2.0
AT_ONCE = 10


def prove(live, is_full):
    count = 500 if is_full else 40
    took, lock = [], threading.Lock()
    with model(live, _endless) as vendor, live.api() as api:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        ids, token = [], live.token()

        def stop_one():
            with live.http(Authorization=f"Bearer {token}") as own:
                run = retry(lambda: own.post(f"/api/v1/agents/{agent}/chat", json={"text": "Go on for ever."})).json()[
                    "run"
                ]
                time.sleep(random.uniform(0, 3))
                own.post(f"/api/v1/runs/{run}/cancel").raise_for_status()
                since = time.monotonic()
                wait_for(lambda: own.get(f"/api/v1/runs/{run}").json()["state"] == "cancelled", 30, 0.05)
                with lock:
                    ids.append(run)
                    took.append(time.monotonic() - since)

        for _ in range(count // AT_ONCE):
            threads = [threading.Thread(target=stop_one) for _ in range(AT_ONCE)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
        time.sleep(1)
        asked = len(vendor.asked)
        time.sleep(2)
        later = len(vendor.asked) - asked
    late = live.sql(LATE, ids, schema="t_acme")[0][0]
    p95 = sorted(took)[int(len(took) * 0.95)] if took else 99.0
    reached = f"{len(took)}/{count} stopped, p95 {p95:.1f} s, {late} tool and {later} model calls after"
    return reached, len(took) == count and p95 <= STOPPED_S and not late and not later


LATE = """
    SELECT count(*) FROM agents_runevent e JOIN agents_run r ON r.id = e.run_id
    JOIN audit_auditevent a ON a.target_id = r.id::text AND a.action = 'run.cancelled'
    WHERE r.id = ANY(%s) AND e.kind = 'tool' AND e.started_at > a.at + interval '2 seconds'
"""


def _endless(asked):
    """Words and a tool call, by turns."""
    if len(asked.body["messages"]) % 4 < 2:
        return calls("search_knowledge", {"query": f"leave {len(asked.body['messages'])}"})
    return says("word " * 100, delay_s=0.05)
