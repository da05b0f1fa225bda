"""The official MCP client, unchanged, is let in by a person in a browser: it finds out where to ask, registers, works, renews, is put out."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser
WAIT_S = 60


class Program:
    """An assistant on somebody's device: the SDK, what it keeps, and the address to which a person's browser comes back."""

    def __init__(self, live, back):
        self.live, self.back = live, back
        self.tokens = self.client = None
        self.asks, self.answers = queue.Queue(), queue.Queue()

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens
        self.live.secrets |= {
            f"program's {name} token {tokens.access_token[:4]}": text
            for name, text in (("access", tokens.access_token), ("refresh", tokens.refresh_token))
        }

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client

    async def _open(self, url):
        self.asks.put(url)

    async def _came_back(self):
        params = await anyio.to_thread.run_sync(lambda: self.answers.get(timeout=WAIT_S))
        return AuthorizationCodeResult(code=params.get("code", [""])[0], state=params["state"][0])

    async def _work(self, function):
        server = f"{self.live.url()}/mcp"
        about = OAuthClientMetadata(client_name="Desk assistant", redirect_uris=[self.back])
        auth = OAuthClientProvider(server, about, self, redirect_handler=self._open, callback_handler=self._came_back)
        hooks = {"request": [_here]}
        async with httpx2.AsyncClient(auth=auth, timeout=WAIT_S, event_hooks=hooks) as wire:
            async with Client(streamable_http_client(server, http_client=wire)) as client:
                return await function(client)

    def begin(self, function, pool):
        return pool.submit(anyio.run, self._work, function)


async def _here(request):
    """A machine's resolver need not know the hosts of tenants; browsers do."""
    request.url = request.url.copy_with(host="127.0.0.1")


@pytest.fixture
def back():
    """Where the program on the device waits for the browser."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Back</title><link rel=icon href=data:,>You may close this.")

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/callback"
        server.shutdown()


@pytest.fixture
def program(live, back):
    return Program(live, back)


async def talk(client):
    tools = {tool.name for tool in (await client.list_tools()).tools}
    answer = await client.call_tool("ask_handbook_guide", {"question": "How many days of annual leave do I get?"})
    return tools, answer.content[0].text


def test_let_in_at_work_and_put_out(live, open_page, program, console):
    page = open_page("/keys/")
    expect(page.get_by_text("No program was let in")).to_be_visible()
    with ThreadPoolExecutor(1) as pool:
        work = program.begin(talk, pool)
        page.goto(program.asks.get(timeout=WAIT_S))
        expect(page.get_by_role("heading", level=1)).to_contain_text("Let “Desk assistant” in?")
        for view in VIEWS.values():
            page.set_viewport_size(view.get("viewport", {"width": 1440, "height": 900}))
            page.emulate_media(color_scheme=view.get("color_scheme", "light"))
            assert violations(page) == [] and not is_sideways(page)
        page.get_by_label("Search and read documents").uncheck()
        page.get_by_role("button", name="Let it in", exact=True).click()
        page.wait_for_url(f"{program.back}?**")
        program.answers.put(parse_qs(urlsplit(page.url).query))
        tools, said = work.result(timeout=WAIT_S)
    assert "ask_handbook_guide" in tools and "search_all" not in tools and "28 days" in said
    first = program.tokens

    live.code(
        """
from allauth.idp.oidc.models import Token
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
from django.utils import timezone
with tenant_context(tenant_for_slug("acme")): Token.objects.filter(type="at").update(expires_at=timezone.now())
"""
    )
    renewed = program.live.http().post(
        "/oauth/token",
        data={
            "grant_type": "refresh_token",
            "refresh_token": first.refresh_token,
            "client_id": program.client.client_id,
            "client_secret": program.client.client_secret or "",
        },
    )
    assert renewed.status_code == 200, renewed.text
    program.tokens = first.model_copy(update=renewed.json())
    with ThreadPoolExecutor(1) as pool:
        assert "28 days" in program.begin(talk, pool).result(timeout=WAIT_S)[1]
    assert program.asks.empty()

    page.goto(f"{live.url()}/keys/")
    row = page.locator("li", has_text="Desk assistant")
    expect(row).to_contain_text("agents:write")
    assert violations(page) == []
    row.get_by_role("button", name="Put out").click()
    expect(page.get_by_text("“Desk assistant” is out.")).to_be_visible()
    with ThreadPoolExecutor(1) as pool:
        work = program.begin(talk, pool)
        page.goto(program.asks.get(timeout=WAIT_S))
        page.get_by_role("button", name="Do not let it in").click()
        page.wait_for_url(f"{program.back}?error=access_denied**")
        program.answers.put(parse_qs(urlsplit(page.url).query))
        assert work.exception(timeout=WAIT_S) is not None
    page.goto(
        f"{live.url()}/oauth/authorize?client_id=nobody&code_challenge=x&code_challenge_method=S256&response_type=code"
    )
    expect(page.get_by_role("heading", level=1)).to_contain_text("cannot be let in")
    assert violations(page) == []
    console[:] = [line for line in console if "status of 400" not in line]
