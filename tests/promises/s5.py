import re
import time

import orjson
from websockets.exceptions import ConnectionClosed

from tests.live import PASSWORD, wait_for
from tests.promises.load import FINAL, model
from tests.standin.server import says

PROMISE = "lost rights are lost at once"
FAULT = "suspended with page, token, socket, run open; demoted; signed out elsewhere"
PROMISED = "effective within 5 s, every time"
LIMIT_S = 5.0
WORDS = [f"word{n} " for n in range(400)]


def prove(live, is_full):
    rounds = 100 if is_full else 10
    people = _people(live, rounds)
    slowest, late = 0.0, []
    with model(live, says("", tokens=WORDS, delay_s=0.05)), live.api() as admin:
        for login, pk in people:
            for door, took_s in _suspend(live, admin, login, pk).items():
                slowest = max(slowest, took_s)
                if took_s > LIMIT_S:
                    late.append((login, door))
        is_demoted = _demote(live, admin, *people[0])
        ended_s = _end_session(live)
    reached = f"{rounds - len({login for login, _ in late})} of {rounds}, slowest {slowest:.1f} s {late[:3] or ''}"
    return f"{reached}, demoted {is_demoted}, ended session {ended_s:.1f} s", (
        not late and is_demoted and ended_s <= LIMIT_S
    )


def _people(live, count):
    out = live.code(
        f"""
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.accounts.services.members import create_user
with tenant_context(tenant_for_slug("acme")):
    for n in range({count}):
        user = create_user(email=f"leaver{{n}}@acme.example", name=f"Leaver {{n}}", password="{PASSWORD}")
        print(f"leaver{{n}}", user.pk)
"""
    )
    return [line.split() for line in out.splitlines() if line.startswith("leaver")]


def _suspend(live, admin, login, pk):
    """Suspend a person who has everything open; return the seconds until each door is shut."""
    cookies, token = live.cookies(login=login), live.token(login=login)
    with live.http(Authorization=f"Bearer {token}") as api, live.http(Cookie=cookies) as browser:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        message = api.post(f"/api/v1/agents/{agent}/chat", json={"text": "Tell me all"}).json()
        with live.socket(message["conversation"], cookies) as socket:
            socket.send(orjson.dumps({"t": "hello", "page": []}).decode())
            socket.recv(timeout=10)
            assert browser.get("/").status_code == api.get("/api/v1/auth/me").status_code == 200
            began = time.monotonic()
            assert admin.patch(f"/api/v1/users/{pk}", json={"is_active": False}).json()["is_active"] is False
            doors = {
                "page": lambda: browser.get("/").status_code == 302,
                "token": lambda: api.get("/api/v1/auth/me").status_code == 401,
                "run": lambda: admin.get(f"/api/v1/runs/{message['run']}").json()["state"] in FINAL,
            }
            took_s = {"socket": _until_closed(socket, began)}
            for name, is_shut in doors.items():
                wait_for(is_shut, 30)
                took_s[name] = time.monotonic() - began
    return took_s


def _until_closed(socket, began):
    try:
        while time.monotonic() - began < 30:
            socket.recv(timeout=30)
    except ConnectionClosed:
        pass
    return time.monotonic() - began


def _demote(live, admin, login, pk):
    """A builder who becomes an auditor asks no agent any more, by the token issued before."""
    admin.patch(f"/api/v1/users/{pk}", json={"is_active": True, "roles": ["builder"]}).raise_for_status()
    with live.api(login=login) as api:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        before = api.post(f"/api/v1/agents/{agent}/chat", json={"text": "Hi"}).status_code
        admin.patch(f"/api/v1/users/{pk}", json={"roles": ["auditor"]}).raise_for_status()
        after = api.post(f"/api/v1/agents/{agent}/chat", json={"text": "Hi"}).status_code
    return before == 202 and after in (403, 404)


def _end_session(live):
    """Sign a browser out from another one; return the seconds until its socket is closed."""
    here, there = live.cookies(login="jonas"), live.cookies(login="jonas")
    with live.api(login="jonas") as api:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        conversation = api.post(f"/api/v1/agents/{agent}/chat", json={"text": "Hi"}).json()["conversation"]
    with live.http(Cookie=here) as browser, live.socket(conversation, there) as socket:
        socket.send(orjson.dumps({"t": "hello", "page": []}).decode())
        socket.recv(timeout=10)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get("/account/").text)[1]
        began = time.monotonic()
        assert browser.post("/account/sessions/end/", data={"csrfmiddlewaretoken": token}).status_code == 302
        return _until_closed(socket, began)
