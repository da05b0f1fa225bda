"""What several rows need: questions in bulk, waiting for their end, counting what is stored."""

import time
from contextlib import contextmanager
from uuid import uuid4

import httpx

from tests.live import wait_for
from tests.standin.server import StandIn

FINAL = ("succeeded", "failed", "cancelled", "dead", "needs_review")


@contextmanager
def model(live, turn, slug="acme"):
    """The tenant's agent on a stand-in model; the built-in one afterwards."""
    with StandIn() as server:
        server.script(turn)
        live.use_model(server.url, slug)
        yield server
        live.code(
            f"""
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.agents.models import Agent
with tenant_context(tenant_for_slug("{slug}")): Agent.objects.update(model=None)
"""
        )


def ask_many(api, count, codes=None):
    """Start `count` runs; return the messages as the API gave them. Refusals with Retry-After are tried again."""
    agent = retry(lambda: api.get("/api/v1/agents/")).json()[0]["id"]
    messages = []
    for number in range(count):
        body = {"text": f"How many days of annual leave do I get? ({number})"}
        headers = {"Idempotency-Key": str(uuid4())}
        answer = retry(lambda: api.post(f"/api/v1/agents/{agent}/chat", json=body, headers=headers), codes)
        messages.append(answer.raise_for_status().json())
    return messages


def retry(call, codes=None, timeout_s=60):
    """Repeat a request while the service says that it is away; note every status in `codes`."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            answer = call()
            if codes is not None:
                codes.append(answer.status_code)
            if answer.status_code not in (429, 503) or time.monotonic() > deadline:
                return answer
        except httpx.TransportError:
            if codes is not None:
                codes.append("cut")
            if time.monotonic() > deadline:
                raise
        time.sleep(0.3)


def await_runs(live, run_ids, timeout_s=240, slug="acme"):
    """Wait until every run has ended; return {state: count}."""

    def ended():
        rows = live.sql(
            "SELECT state, count(*) FROM agents_run WHERE id = ANY(%s) GROUP BY 1", list(run_ids), schema=f"t_{slug}"
        )
        found = dict(rows)
        return found if sum(found.get(state, 0) for state in FINAL) == len(run_ids) else None

    def safely():
        try:
            return ended()
        except Exception:
            return None

    return wait_for(safely, timeout_s, 0.5)


def doubled_steps(live, run_ids, slug="acme"):
    """Count steps that a run holds more than once: the same model call or the same tool call."""
    return live.sql(
        "SELECT count(*) FROM (SELECT run_id, kind, coalesce(payload->>'call_id', payload->>'text') FROM agents_runevent"
        " WHERE run_id = ANY(%s) GROUP BY 1, 2, 3 HAVING count(*) > 1) twice",
        list(run_ids),
        schema=f"t_{slug}",
    )[0][0]


def without_reply(live, run_ids, slug="acme"):
    """Count runs that ended well without three steps, their text in the message, or a citation."""
    return live.sql(
        "SELECT count(*) FROM agents_run r LEFT JOIN conversations_message m ON m.run_id = r.id WHERE r.id = ANY(%s)"
        " AND r.state = 'succeeded' AND (m.text IS DISTINCT FROM r.answer OR r.answer = ''"
        " OR (SELECT count(*) FROM agents_runevent e WHERE e.run_id = r.id) <> 3)",
        list(run_ids),
        schema=f"t_{slug}",
    )[0][0]
