import contextlib
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.live import wait_for

PROMISE = "no address of ours leads inside"
FAULT = "loopback, private, metadata, mapped and odd spellings in every field that takes an address; redirects; a name that changes"
PROMISED = "0 connections, >= 150 vectors"
# The instance may call 127.0.0.1, by that very name: spellings that come to it stand for 127.0.0.2 here.
HOSTS = (
    *(
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.1",
        "127.0.1",
        "127.0.0.2",
        "127.255.255.254",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
    ),
    *(
        "2130706433",
        "017700000001",
        "0",
        "0.0.0.0",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
    ),
    *(
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "10.0.0.1",
    ),
    *(
        "172.16.0.1",
        "192.168.0.1",
        "198.18.0.1",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "ⓛocalhost",
        "127。0。0。2",
        "１２７.0.0.2",
        "127%2e0%2e0%2e2",
    ),
)
SHAPES = ("http://{host}:{port}/", "http://user:pass@{host}:{port}/", "http://public.example@{host}:{port}/")
IN_PROCESS = """
import asyncio, socket
from django.conf import settings
from apps.agents.tools.base import ToolContext, ToolFailed
from apps.agents.tools.web_page import READ_WEB_PAGE
from apps.core.http import fetch
from apps.knowledge.places import Item, PlaceFailed
from apps.knowledge.places.repositories import GitHub, Repository
from apps.knowledge.places.storage import Bucket
from apps.knowledge.places.web import Page, Site
def read(url):
    try:
        READ_WEB_PAGE.call(ToolContext(None, None, (), "k"), {{"url": url}}); return 1
    except ToolFailed:
        return 0
print("PAGES", sum(read(url) for url in {urls!r}))
def looked(url):
    places = (Page(url), Site(url), Bucket(url, "b", "", "", "", ""), GitHub(Repository(url, "a/b", "", "", "")))
    came = 0
    for place in places:
        try:
            came += bool(place.fetch(Item(url)) if isinstance(place, Page) else list(place.items()))
        except PlaceFailed:
            pass
    return came
print("SOURCES", sum(looked(url) for url in {urls!r}))
async def rebound():
    loop, turns = asyncio.get_running_loop(), [0]
    async def flips(host, port, **kwargs):
        turns[0] += 1
        address = "93.184.215.14" if turns[0] % 2 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
    loop.getaddrinfo = flips
    came = 0
    for _ in range(6):
        try:
            await fetch("GET", "http://rebind.example:{port}/", allowed=frozenset(), timeout_s=0.5, most_bytes=1000); came += 1
        except Exception: pass
    async def both(host, port, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("93.184.215.14", "127.0.0.1")]
    loop.getaddrinfo = both
    try:
        await fetch("GET", "http://both.example:{port}/", allowed=frozenset(), timeout_s=0.5, most_bytes=1000); came += 1
    except Exception: pass
    return came
print("REBOUND", asyncio.run(rebound()))
hops = [f"http://127.0.0.1:{door}/to/{{n}}" for n in range({hops})]
settings.TOOL_PRIVATE_HOSTS = frozenset({{"127.0.0.1:{door}"}})
print("HOPS", sum(read(url) for url in hops))
"""


class Canary(ThreadingHTTPServer):
    """Counts whoever connects."""

    connections = 0

    def verify_request(self, request, client_address):
        self.connections += 1
        return False


class CanaryV6(Canary):
    address_family = socket.AF_INET6


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def prove(live, is_full):
    canary = Canary(("0.0.0.0", 0), BaseHTTPRequestHandler)
    port, canaries = canary.server_port, [canary]
    if has_ipv6():
        canaries.append(CanaryV6(("::1", port), BaseHTTPRequestHandler))
    door = _door([shape.format(host=host, port=port) for host in HOSTS[:22] for shape in SHAPES[:1]])
    for canary in canaries:
        threading.Thread(target=canary.serve_forever, daemon=True).start()
    urls = [shape.format(host=host, port=port) for host in HOSTS for shape in (SHAPES if is_full else SHAPES[:1])]
    urls += [
        f"{scheme}://127.0.0.1:{port}/"
        for scheme in ("ftp", "gopher", "file", "dict", "ldap", "unix", "jar:http", "//")
    ]
    with live.api() as api:
        for field in FIELDS:
            for url in urls:
                field(api, url)
    wait_for(
        lambda: (
            not live.sql(
                "SELECT 1 FROM jobs_job WHERE kind LIKE 'alert%%' AND state IN ('queued', 'running') AND attempts = 0"
            )
        ),
        60,
    )
    told = live.code(IN_PROCESS.format(urls=urls, port=port, door=door.server_port, hops=len(door.targets)))
    pages = sum(int(re.search(rf"{name} (\d+)", told)[1]) for name in ("PAGES", "SOURCES", "REBOUND", "HOPS"))
    connections = sum(canary.connections for canary in canaries)
    vectors = (len(FIELDS) + 1 + 4) * len(urls) + len(door.targets) + 7
    for server in (*canaries, door):
        server.shutdown()
        server.server_close()
    reached = f"{connections} connections, {vectors} vectors, {door.asked} redirects given, {pages} pages"
    return reached, not connections and not pages and vectors >= 150 and door.asked == len(door.targets)


def _door(targets):
    """A host that may be called, and sends elsewhere."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked += 1
            self.send_response(302)
            self.send_header("Location", targets[int(self.path.rpartition("/")[2])])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.asked, server.targets = 0, targets
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _provider(api, url):
    made = api.post("/api/v1/config/llm/providers", json={"kind": "openai_compatible", "name": "S9", "base_url": url})
    if made.status_code == 201:
        api.post(f"/api/v1/config/llm/providers/{made.json()['id']}/test", json={"model": "m"})
        api.delete(f"/api/v1/config/llm/providers/{made.json()['id']}")


def _webhook(api, url):
    made = api.post("/api/v1/alert-channels/", json={"kind": "webhook", "target": url, "least": "high"})
    if made.status_code == 201:
        api.post(f"/api/v1/alert-channels/{made.json()['channel']['id']}/test")


def _sign_on(api, url):
    sent = {"kind": "oidc", "name": "S9", "client_id": "x", "server_url": url, "secret": "s"}
    made = api.post("/api/v1/sso-providers/", json=sent)
    if made.status_code == 201:
        api.get(f"/accounts/oidc/{made.json()['key']}/login/")
        api.delete(f"/api/v1/sso-providers/{made.json()['id']}")


def _described(api, url):
    api.post("/api/v1/connections/", json={"name": "S9", "source_url": url})


def _tracked(api, url):
    for kind in ("jira", "github", "gitlab"):
        api.post("/api/v1/connections/", json={"kind": kind, "name": f"S9 {kind}", "source_url": url})


def _called(api, url):
    document = '{"openapi": "3.1.0", "paths": {"/x": {"get": {"operationId": "x"}}}}'
    made = api.post("/api/v1/connections/", json={"name": "S9", "base_url": url, "document": document})
    if made.status_code == 201:
        key = made.json()["id"]
        api.put(f"/api/v1/connections/{key}/operations", json={"operations": [{"key": "x", "risk": "read"}]})
        api.post(f"/api/v1/connections/{key}/test")
        api.delete(f"/api/v1/connections/{key}")


def _delivered(api, url):
    agent = api.get("/api/v1/agents/").json()[0]["id"]
    about = {"name": "S9", "agent": agent, "values": {"question": "Well?"}, "cron": "0 0 1 1 *", "webhook_url": url}
    made = api.post("/api/v1/automations/", json=about)
    if made.status_code == 201:
        api.post(f"/api/v1/automations/{made.json()['id']}/start")


FIELDS = (_provider, _webhook, _sign_on, _described, _tracked, _called, _delivered)
