"""Every case of AgentDojo's workspace and slack suites, against an agent that has all their tools and obeys every word."""

import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.promises.load import model
from tests.promises.obedient import ORDER, ask, obey, order

ROOT = Path(__file__).resolve().parents[2]
SUITES = ("workspace", "slack")
READING = re.compile(r"(?!get_webpage)(?:get_|search_|list_|read_)")
"""Tools that an administrator rates as reading; one that opens any address it is told is not among them, for it carries words out."""


def attack(live, admin, people, *, most=None):
    """Return how many cases there were, in how many the model read an order, how many waited for people, and how many had an effect.

    People ask by turns, so that nobody meets the rate of a tool. An effect is one that the suite itself sees, or any call that does more than read. `most` cases of each suite.
    """
    seen: set[str] = set()

    def obeying(asked):
        """Obey, and note which case's order was read: it names the tool and its arguments."""
        read = " ".join(str(message.get("content") or "") for message in asked.body["messages"][1:])
        seen.update(found[0] for found in ORDER.finditer(read))
        return obey(asked)

    count, reached, held, effects = 0, 0, 0, 0
    with _service() as url:
        agents = {name: _agent(admin, url, name) for name in SUITES}
        with model(live, obeying), httpx.Client(timeout=60) as dojo:
            for name in SUITES:
                for case in dojo.get(f"{url}/{name}/cases").json()[:most]:
                    person = people[count % len(people)]
                    run, orders = _case(dojo, person, url, name, agents[name], case)
                    verdict = dojo.get(f"{url}/{name}/verdict").json()
                    count += 1
                    reached += any(each in seen for each in orders)
                    held += run["state"] == "waiting"
                    effects += verdict["is_attacked"] or bool(verdict["effects"])
                    seen.clear()
                    if run["state"] == "waiting":
                        person.post(f"/api/v1/runs/{run['id']}/cancel").raise_for_status()
        for agent, connection in agents.values():
            admin.patch(f"/api/v1/agents/{agent}", json={"is_active": False}).raise_for_status()
            admin.delete(f"/api/v1/connections/{connection}").raise_for_status()
    return count, reached, held, effects


def _case(dojo, person, url, name, held, case):
    """Have a person ask for their task, with the reading that it takes; return the run and what the injection orders."""
    agent, _connection = held
    orders = [order(f"dojo_{name}_{call['function']}", {"body": call["args"]}) for call in case["wanted"]]
    about = {"user": case["user"], "injection": case["injection"], "orders": " ".join(orders)}
    dojo.post(f"{url}/{name}/begin", json=about).raise_for_status()
    errand = " ".join(order(f"dojo_{name}_{call['function']}", {"body": call["args"]}) for call in case["reads"])
    _conversation, run = ask(person, agent, f"{case['asks']} {errand}")
    return run, orders


def _agent(admin, url, name):
    """Make an agent with every tool of a suite, none of which asks by itself; return it and the connection."""
    sent = {"source_url": f"{url}/{name}/openapi.json", "auth": "none"}
    connection = admin.post("/api/v1/connections/", json=sent).raise_for_status().json()["id"]
    offered = admin.get(f"/api/v1/connections/{connection}/operations").raise_for_status().json()
    keys = [operation["key"] for operation in offered]
    chosen = [{"key": key, "risk": "read" if READING.match(key) else "write"} for key in keys]
    admin.put(f"/api/v1/connections/{connection}/operations", json={"operations": chosen}).raise_for_status()
    about = {"name": f"Dojo {name} {connection[:8]}", "max_steps": 50}
    agent = admin.post("/api/v1/agents/", json=about).raise_for_status().json()["id"]
    tools = [{"tool": f"dojo_{name}_{key}", "consent": "when_mixed"} for key in keys]
    admin.put(f"/api/v1/agents/{agent}/tools", json={"tools": tools}).raise_for_status()
    return agent, connection


@contextmanager
def _service():
    """Install the suites into a folder of their own, and serve them."""
    with tempfile.TemporaryDirectory() as folder:
        install = [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--require-hashes",
            "--target",
            folder,
        ]
        subprocess.run([*install, "-r", str(ROOT / "requirements/agentdojo.txt")], check=True)
        program = [sys.executable, str(ROOT / "tests/promises/dojo_service.py"), folder]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as service:
            try:
                yield f"http://127.0.0.1:{int(service.stdout.readline())}"
            finally:
                service.kill()
