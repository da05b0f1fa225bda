import secrets
import socket
import threading
import time
from functools import cache
from itertools import zip_longest
from pathlib import Path

from apps.agents.sandbox import scripts
from tests.live import wait_for
from tests.promises.hostile_programs import PROGRAMS, SCRIPTS
from tests.promises.load import FINAL, model, retry
from tests.standin.server import calls, says

PROMISE = "code of a model reaches nothing"
FAULT = "files, processes, network, environment, ways out, loops, memory, floods: 73 programs, and those and 18 more as scripts"
PROMISED = "0 escapes, 0 host reads, ended in limit + 5 s"
LIMITS_S = {"run_python": 5 + 5, "work_on_files": 20 + 5}
REFUSED = "called too often"
PACE_S = 1.1
STEPS = """
    SELECT e.name, e.payload->>'result', extract(epoch FROM e.finished_at - e.started_at)
    FROM agents_run r JOIN agents_runevent e ON e.run_id = r.id WHERE r.id = ANY(%s) AND e.name = ANY(%s)
"""


def prove(live, is_full):
    """Each program is what a model wants run; what it reads, makes or calls would be found."""
    canary = f"canary-{secrets.token_hex(12)}"
    secret, made = live.folder / "canary.txt", Path(f"/tmp/made-{secrets.token_hex(12)}")
    secret.write_text(canary)
    secret.chmod(0o644)
    hidden = {canary, *_secrets_of(live)}
    worker, wanted = live.pids()["agents"], _wanted(is_full)
    with _listener() as (port, connections), model(live, _wants_it_run) as server, live.api() as api:
        agent = _agent(api, server)
        places = {"secret": str(secret), "made": str(made), "port": port}
        ids = [_ask(api, agent, tool, code, places) for tool, code in _paced(wanted)]
        _await(live, ids)
    steps = live.sql(STEPS, ids, list(LIMITS_S), schema="t_acme")
    reads = sum(any(word in (result or "") for word in hidden) for _tool, result, _s in steps)
    escapes = len(connections) + made.exists() + (live.pids()["agents"] != worker)
    over = sum(float(took) > LIMITS_S[tool] for tool, _result, took in steps)
    was_run = len(steps) == len(wanted) and not any(REFUSED in (result or "") for _tool, result, _s in steps)
    slowest = max(float(took) for *_, took in steps)
    reached = f"{len(steps)} in {_place() or 'the interpreter alone'}: {escapes} escapes, {reads} reads, slowest {slowest:.1f} s"
    return reached, was_run and len(wanted) >= 60 and not escapes and not reads and not over


def _wanted(is_full):
    """Return (tool, code) of each program; as scripts too, where this machine has a place for them."""
    programs = [("run_python", code) for code in PROGRAMS] * (3 if is_full else 1)
    scripts = [*PROGRAMS, *SCRIPTS] if is_full else [*PROGRAMS[::3], *SCRIPTS]
    return [*programs, *(("work_on_files", code) for code in scripts if _place())]


def _paced(wanted):
    """Yield (tool, code), the tools by turns, each no oftener than it may be called: what is refused was not run."""
    lines = [[each for each in wanted if each[0] == tool] for tool in LIMITS_S]
    for together in zip_longest(*lines):
        yield from filter(None, together)
        time.sleep(PACE_S)


@cache
def _place():
    """Return where scripts run on this machine; the instance of the promises names no image."""
    tier = scripts.tier_of("", "")
    return tier.name if tier else ""


def _wants_it_run(asked):
    messages = asked.body["messages"]
    if any(message["role"] == "tool" for message in messages):
        return says("It ran.")
    question = next(message["content"] for message in reversed(messages) if message["role"] == "user")
    tool, secret, made, port, code = question.split("|", 4)
    return calls(tool, {"code": code.replace("SECRET", secret).replace("MADE", made).replace("PORT", port)})


def _agent(api, server):
    agent = api.get("/api/v1/agents/").json()[0]["id"]
    given = {"tools": [{"tool": tool} for tool in (*LIMITS_S, "calculate")]}
    api.put(f"/api/v1/agents/{agent}/tools", json=given).raise_for_status()
    return agent


def _ask(api, agent, tool, code, places):
    text = f"{tool}|{places['secret']}|{places['made']}|{places['port']}|{code}"
    return retry(lambda: api.post(f"/api/v1/agents/{agent}/chat", json={"text": text})).raise_for_status().json()["run"]


def _await(live, ids):
    ended = "SELECT count(*) FROM agents_run WHERE id = ANY(%s) AND state = ANY(%s)"
    wait_for(lambda: live.sql(ended, ids, list(FINAL), schema="t_acme")[0][0] == len(ids), 600, 0.5)


def _secrets_of(live):
    """Return the secrets that the worker's own environment holds."""
    environment = live.environment_of("agents")
    return {value for name, value in environment.items() if len(value) > 15 and ("KEY" in name or "PASSWORD" in name)}


class _listener:
    """A port that nobody should come to."""

    def __enter__(self):
        self.socket, self.came = socket.create_server(("127.0.0.1", 0)), []
        threading.Thread(target=self._accept, daemon=True).start()
        return self.socket.getsockname()[1], self.came

    def _accept(self):
        try:
            while True:
                self.came.append(self.socket.accept()[1])
        except OSError:
            return

    def __exit__(self, *error):
        self.socket.close()
