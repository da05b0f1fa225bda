"""The events of a run over a WebSocket that a ticket opens: from another site's page, cut and resumed, as docs/asyncapi.yaml says."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import jsonschema
import pytest
import yaml
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live import wait_for
from tests.promises.load import model
from tests.standin.server import calls, says

pytestmark = pytest.mark.browser
DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "docs" / "asyncapi.yaml").read_text())
WORDS = [f"word{n} " for n in range(40)]


def asked(api):
    agent = api.get("/api/v1/agents/").json()[0]["id"]
    return api.post(f"/api/v1/agents/{agent}/chat", json={"text": "How many days of leave?"}).json()["run"]


def ticket(api, run):
    made = api.post(f"/api/v1/runs/{run}/ticket")
    assert made.status_code == 201, made.text
    return made.json()["url"]


def frames(socket, most=None):
    """Receive until the socket is closed, or so many."""
    seen = []
    try:
        while most is None or len(seen) < most:
            seen.append(json.loads(socket.recv(timeout=30)))
    except ConnectionClosed as closed:
        assert closed.rcvd.code == 1000
    return seen


def put_together(seen):
    text = ""
    for frame in seen:
        text = frame["data"]["text"] if frame["event"] == "discard" else text
        text += frame["data"]["d"] if frame["event"] == "text" else ""
    return text


def messages_of(document):
    """{event: schema of its frames}, the channel's references followed."""
    names = document["channels"]["run"]["messages"]
    schemas = document["components"]["messages"]
    found = {name: schemas[entry["$ref"].rpartition("/")[2]]["payload"] for name, entry in names.items()}
    assert {schema["properties"]["event"]["const"] for schema in found.values()} == set(found) == set(schemas)
    return found


def test_frames_are_as_described_and_cuts_lose_nothing(live):
    schemas = messages_of(DOCUMENT)
    turns = [calls("search_knowledge", {"query": "leave"}), says("", tokens=WORDS, delay_s=0.03)]
    with model(live, turns[1]) as vendor, live.api() as api:
        vendor.script(*turns)
        run = asked(api)
        seen, after = [], ""
        while not seen or seen[-1]["event"] != "end":
            with live.follow(f"{ticket(api, run)}&after={after}") as socket:
                assert socket.subprotocol == "guildhall.run.v1"
                seen += frames(socket, most=12)
            after = next((frame["id"] for frame in reversed(seen) if frame["id"]), "")
    for frame in seen:
        jsonschema.validate(frame, schemas[frame["event"]])
    assert {"text", "step", "working", "end"} <= {frame["event"] for frame in seen}
    assert seen[-1]["data"]["state"] == "succeeded"
    assert put_together(seen).strip() == seen[-1]["data"]["answer"].strip() == "".join(WORDS).strip()
    ids = [frame["id"] for frame in seen if frame["id"]]
    assert len(ids) == len(set(ids)) == len(seen) - 1


def test_ticket_opens_one_socket_of_its_own_run_at_its_own_organisation(live):
    with live.api() as api, live.api("globex") as other:
        mine, second = asked(api), asked(api)
        theirs = ticket(other, asked(other))
        url = ticket(api, mine)
        wrong_run = url.replace(mine, second)
        elsewhere = re.sub(r"//acme\.", "//globex.", ticket(api, mine)).replace("tenant=acme", "tenant=globex")
        for refused in (wrong_run, url, elsewhere, theirs.replace("globex", "acme"), url.partition("&ticket")[0]):
            with pytest.raises(InvalidStatus), live.follow(refused):
                pass
        with live.follow(ticket(api, mine)) as socket:
            assert frames(socket)[-1]["event"] == "end"
        platform = ticket(api, mine).replace("//acme.localhost", "//localhost")
        with live.follow(platform) as socket:
            assert frames(socket)[-1]["event"] == "end"


def test_work_asked_for_by_a_socket_has_an_id_in_the_logs(live):
    """Nobody sends an X-Request-ID with a frame, and still the job and the lines of its worker go together."""
    with live.api() as api:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        begun = api.post(f"/api/v1/agents/{agent}/chat", json={"text": "How many days of leave?"}).json()
        wait_for(lambda: api.get(f"/api/v1/runs/{begun['run']}").json()["state"] == "succeeded")
    with live.socket(begun["conversation"], live.cookies()) as socket:
        socket.send(json.dumps({"t": "send", "text": "And sick leave?", "key": "socket-1"}))
        while json.loads(socket.recv(timeout=20))["t"] != "sent":
            pass
    statement = """SELECT j.correlation_id FROM jobs_job j JOIN t_acme.agents_run r ON r.id = j.object_id
                   JOIN t_acme.conversations_message m ON m.run_id = r.id WHERE m.conversation_id = %s"""
    ids = [row[0] for row in live.sql(statement, begun["conversation"])]
    assert len(ids) == len(set(ids)) == 2 and all(ids)


def test_who_loses_the_right_is_cut_off(live):
    with model(live, says("", tokens=WORDS, delay_s=1.0)), live.api() as owner, live.api(login="jonas") as jonas:
        run = asked(jonas)
        person = next(p for p in owner.get("/api/v1/users/?q=jonas").json()["results"] if "jonas" in p["email"])
        with live.follow(ticket(jonas, run)) as socket:
            socket.recv(timeout=30)
            try:
                assert owner.patch(f"/api/v1/users/{person['id']}", json={"is_active": False}).status_code == 200
                with pytest.raises(ConnectionClosed) as closed:
                    while True:
                        socket.recv(timeout=10)
                assert closed.value.rcvd.code in (4401, 1000)  # the run is stopped, too
            finally:
                assert owner.patch(f"/api/v1/users/{person['id']}", json={"is_active": True}).status_code == 200


@pytest.fixture
def intranet():
    """The address of a page of another origin."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Intranet</title><link rel=icon href=data:,>")

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_page_of_another_site_follows_a_run(live, open_page, intranet):
    with live.api() as api:
        url = ticket(api, asked(api))
    page = open_page("/accounts/login/", signed_in=False)
    page.goto(intranet)
    page.evaluate(
        """url => { window.seen = []; const socket = new WebSocket(url, 'guildhall.run.v1');
           socket.onmessage = message => window.seen.push(JSON.parse(message.data)) }""",
        url,
    )
    wait_for(lambda: page.evaluate("window.seen.some(frame => frame.event === 'end')"))
    assert "28 days" in put_together(page.evaluate("window.seen"))
