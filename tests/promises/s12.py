import secrets
import socket
import threading
from pathlib import Path

from tests.live import wait_for
from tests.promises.hostile_programs import PROGRAMS
from tests.promises.load import FINAL, model, retry
from tests.standin.server import calls, says

PROMISE = "code of a model reaches nothing"
FAULT = (
    "73 programs: files, processes, network, environment, ways out, loops, memory, floods, by the tool that runs Python"
)
PROMISED = "0 escapes, 0 host reads, ended in 10 s"
LIMIT_S = 5 + 5
STEPS = """
    SELECT r.question, e.payload->>'result', extract(epoch FROM e.finished_at - e.started_at)
    FROM agents_run r JOIN agents_runevent e ON e.run_id = r.id WHERE r.id = ANY(%s) AND e.name = 'run_python'
"""


def prove(live, is_full):
    """Each program is what a model wants run; what it reads, makes or calls would be found."""
    canary = f"canary-{secrets.token_hex(12)}"
    secret, made = live.folder / "canary.txt", Path(f"/tmp/made-{secrets.token_hex(12)}")
    secret.write_text(canary)
    secret.chmod(0o644)
    hidden = {canary, *_secrets_of(live)}
    worker, rounds = live.pids()["agents"], 3 if is_full else 1
    with _listener() as (port, connections), model(live, _wants_it_run) as server, live.api() as api:
        agent = _agent(api, server)
        places = {"secret": str(secret), "made": str(made), "port": port}
        ids = [_ask(api, agent, number, places) for number in range(len(PROGRAMS)) for _ in range(rounds)]
        _await(live, ids)
    steps = live.sql(STEPS, ids, schema="t_acme")
    reads = sum(any(word in (result or "") for word in hidden) for _question, result, _s in steps)
    escapes = len(connections) + made.exists() + (live.pids()["agents"] != worker)
    slowest = max((float(s) for *_, s in steps), default=0.0)
    reached = f"{len(steps)} programs, {escapes} escapes, {reads} host reads, slowest {slowest:.1f} s"
    return reached, len(steps) == len(ids) >= 60 and not escapes and not reads and slowest <= LIMIT_S


def _wants_it_run(asked):
    messages = asked.body["messages"]
    if any(message["role"] == "tool" for message in messages):
        return says("It ran.")
    question = next(message["content"] for message in reversed(messages) if message["role"] == "user")
    number, secret, made, port = question.split("|")
    code = PROGRAMS[int(number)].replace("SECRET", secret).replace("MADE", made).replace("PORT", port)
    return calls("run_python", {"code": code})


def _agent(api, server):
    agent = api.get("/api/v1/agents/").json()[0]["id"]
    given = {"tools": [{"tool": "run_python"}, {"tool": "calculate"}]}
    api.put(f"/api/v1/agents/{agent}/tools", json=given).raise_for_status()
    return agent


def _ask(api, agent, number, places):
    text = f"{number}|{places['secret']}|{places['made']}|{places['port']}"
    return retry(lambda: api.post(f"/api/v1/agents/{agent}/chat", json={"text": text})).raise_for_status().json()["run"]


def _await(live, ids):
    ended = "SELECT count(*) FROM agents_run WHERE id = ANY(%s) AND state = ANY(%s)"
    wait_for(lambda: live.sql(ended, ids, list(FINAL), schema="t_acme")[0][0] == len(ids), 300, 0.5)


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
