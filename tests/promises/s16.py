import contextlib

import orjson
from websockets.exceptions import ConnectionClosed, InvalidStatus

PROMISE = "sockets belong to the tenant's own pages"
FAULT = "forged Origin headers, a huge frame, 13 sockets of one person"
PROMISED = "0 accepted, 10 sockets at most"


def prove(live, is_full):
    port = live.port
    cookies = live.cookies()
    with live.api() as api:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        conversation = api.post(f"/api/v1/agents/{agent}/chat", json={"text": "Hello"}).json()["conversation"]
    own = f"http://acme.localhost:{port}"
    forged = [
        "",
        "null",
        "http://globex.localhost:%d" % port,
        "https://acme.localhost:%d" % port,
        "http://acme.localhost",
        "http://acme.localhost:%d" % (port + 1),
        "http://localhost:%d" % port,
        "http://evil.example",
        "file://",
        "http://acme.localhost.evil.example:%d" % port,
        "http://evilacme.localhost:%d" % port,
        f"{own}/",
        f"{own}/path",
        f"{own}?q",
        f"{own}#x",
        "http://user@acme.localhost:%d" % port,
        "ws://acme.localhost:%d" % port,
        "//acme.localhost:%d" % port,
        "acme.localhost:%d" % port,
        "http://acme.localhost:%d@evil.example" % port,
        "http://127.0.0.1:%d" % port,
        "http://[::1]:%d" % port,
        "http://acme.localhost:0%d" % 0,
        "http://acme.localhost:99999",
        "http:acme.localhost",
        "chrome-extension://abc",
        "http://xn--acme.localhost:%d" % port,
        "http://sub.acme.localhost:%d" % port,
        "http://acme.local%%68ost:%d" % port,
        "javascript:1",
        "http://acme.localhost.:%d" % port,
    ]
    accepted = [origin for origin in forged if _opens(live, conversation, cookies, origin)]
    is_own_ok = _opens(live, conversation, cookies, own)
    huge = _survives_huge_frame(live, conversation, cookies)
    at_once = _open_at_once(live, conversation, cookies, 13)
    reached = f"{len(accepted)} of {len(forged)} accepted {accepted or ''}, own {is_own_ok}, huge frame {huge}, {at_once} of 13 sockets at once"
    return reached, not accepted and is_own_ok and not huge and at_once == 10


def _opens(live, conversation, cookies, origin):
    try:
        with live.socket(conversation, cookies, origin=origin or None) as socket:
            socket.send(orjson.dumps({"t": "hello", "page": []}).decode())
            socket.recv(timeout=5)
            return True
    except (InvalidStatus, ConnectionClosed, TimeoutError, OSError):
        return False


def _open_at_once(live, conversation, cookies, wanted):
    """How many of this person's sockets answer while all are held open."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(live.socket(conversation, cookies)) for _ in range(wanted)]
        return sum(_answers(socket) for socket in sockets)


def _answers(socket):
    try:
        socket.send(orjson.dumps({"t": "hello", "page": []}).decode())
        socket.recv(timeout=5)
    except (ConnectionClosed, TimeoutError):
        return False
    return True


def _survives_huge_frame(live, conversation, cookies):
    with live.socket(conversation, cookies) as socket:
        socket.send("x" * (70 << 10))
        try:
            for _ in range(50):
                socket.recv(timeout=5)
        except ConnectionClosed:
            return False
        return True
