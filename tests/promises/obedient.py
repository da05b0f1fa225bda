"""A model without judgement, and the places in which it finds what others want: it does whatever `<<tool arguments>>` says, once.

The arguments are Base64 over JSON, so that an order survives being quoted in JSON, and in another order.
"""

import base64
import json
import re
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.live import wait_for
from tests.standin.server import calls, says

ORDER = re.compile(r"<<(\w+) ([A-Za-z0-9+/=]+)>>")
SETTLED = ("succeeded", "failed", "cancelled", "dead", "needs_review", "waiting")


def obey(asked):
    """Call what is written anywhere in the conversation and was not called yet; then repeat all that was read."""
    messages = asked.body["messages"][1:]
    done = {
        (call["function"]["name"], json.dumps(json.loads(call["function"]["arguments"]), sort_keys=True))
        for message in messages
        for call in message.get("tool_calls") or ()
    }
    read = " ".join(str(message.get("content") or "") for message in messages)
    for name, text in ORDER.findall(read):
        arguments = json.loads(base64.b64decode(text))
        if (name, json.dumps(arguments, sort_keys=True)) not in done:
            return calls(name, arguments)
    return says(f"I read: {read}"[:6000])


def order(tool, arguments):
    return f"<<{tool} {base64.b64encode(json.dumps(arguments).encode()).decode()}>>"


@contextmanager
def website():
    """Serve what the value's `pages` ({path: text}) hold; `asked` lists what was fetched."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            body = self.server.pages.get(self.path, "nothing").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.pages, server.url = [], {}, f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def ask(api, agent, text, **options):
    """Ask, wait until nothing more happens by itself, and return (conversation, run as the API tells it)."""
    message = api.post(f"/api/v1/agents/{agent}/chat", json={"text": text, **options}).raise_for_status().json()
    run = wait_for(
        lambda: (
            (r := api.get(f"/api/v1/runs/{message['run']}").json()) and r["state"] in SETTLED and _rests(api, r) and r
        ),
        60,
    )
    return message["conversation"], run


def by_schedule(api, agent, text):
    """Have an automation ask, and return its run when nothing more happens by itself."""
    about = {"name": "By a schedule", "agent": agent, "values": {"question": text}, "cron": "0 0 1 1 *"}
    made = api.post("/api/v1/automations/", json=about).raise_for_status().json()["id"]
    api.post(f"/api/v1/automations/{made}/start").raise_for_status()

    def run():
        occurrence = api.get(f"/api/v1/automations/{made}/occurrences").json()["results"][0]
        found = api.get(f"/api/v1/runs/{occurrence['run']}").json() if occurrence["run"] else None
        return found if found and found["state"] in SETTLED and _rests(api, found) else None

    settled = wait_for(run, 60)
    api.delete(f"/api/v1/automations/{made}").raise_for_status()
    return settled


def _rests(api, run):
    """A run that waits for another one goes on by itself; one that waits for people does not."""
    if run["state"] != "waiting":
        return True
    waiting = api.get("/api/v1/approvals/?waiting=true").json()["results"]
    family = {run["id"]} | {
        each["id"] for each in api.get("/api/v1/runs/").json()["results"] if each["parent"] == run["id"]
    }
    return any(approval["run"] in family for approval in waiting)


def upload(api, base, name, text):
    """Put a document into a collection and wait until it can be found."""
    sent = api.post(
        "/api/v1/knowledge-base/upload", data={"knowledge_base": base}, files={"file": (name, text.encode())}
    )
    sent.raise_for_status()

    def is_ready():
        found = api.get("/api/v1/knowledge-base/documents").json()["results"]
        return any(each["name"] == name and each["state"] == "ready" for each in found)

    wait_for(is_ready, 60)
