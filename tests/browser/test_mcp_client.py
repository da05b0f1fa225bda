"""The official MCP client, unchanged, uses what the running product offers: agents, collections, documents, prompts."""

from concurrent.futures import ThreadPoolExecutor

import anyio
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.live import wait_for
from tests.standin.server import fails, says

pytestmark = pytest.mark.browser
ALL = ["agents:read", "agents:write", "knowledge:read", "prompts:read"]


@pytest.fixture
def use(live, key):
    """Have a function of a connected client run; `mode` is the era of the protocol that is spoken."""

    def run(function, mode="auto", **about):
        async def connected():
            headers = {"Authorization": f"Bearer {key(**({'scopes': ALL} | about))}"}
            async with httpx2.AsyncClient(headers=headers, timeout=60) as wire:
                transport = streamable_http_client(f"http://localhost:{live.port}/mcp", http_client=wire)
                async with Client(transport, mode=mode) as client:
                    return await function(client)

        with ThreadPoolExecutor(1) as apart:  # Playwright has a loop of its own in this thread
            return apart.submit(anyio.run, connected).result()

    return run


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_everything_is_offered_and_used(use, mode):
    async def look(client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"ask_handbook_guide", "search_all", "search_company_documents"} <= set(tools)
        assert tools["search_all"].annotations.read_only_hint is True
        found = await client.call_tool("search_company_documents", {"query": "annual leave", "limit": 3})
        best = found.structured_content["results"][0]
        assert "28 days" in best["text"] and not found.is_error
        answer = await client.call_tool("ask_handbook_guide", {"question": "How many days of annual leave do I get?"})
        assert "28 days" in answer.content[0].text and answer.structured_content["citations"][0]["page"]
        resources = (await client.list_resources()).resources
        assert best["uri"] in {each.uri for each in resources}
        read = await client.read_resource(best["uri"])
        assert "28 days of annual leave" in read.contents[0].text
        assert (await client.list_resource_templates()).resource_templates[0].uri_template.endswith("{id}")

    use(look, mode=mode)


def test_prompts_are_filled_in(use, live):
    with live.api() as api:
        made = api.post("/api/v1/prompts/", json={"name": "Letter to", "text": "Write to {{ name }}."}).json()

    async def look(client):
        prompts = {prompt.name: prompt for prompt in (await client.list_prompts()).prompts}
        assert prompts["letter-to"].arguments[0].name == "name" and prompts["letter-to"].arguments[0].required
        filled = await client.get_prompt("letter-to", {"name": "Ada"})
        assert filled.messages[0].content.text == "Write to Ada."
        with pytest.raises(MCPError):
            await client.get_prompt("letter-to", {})
        with pytest.raises(MCPError):
            await client.get_prompt("nothing", {})

    try:
        use(look)
    finally:
        with live.api() as api:
            api.delete(f"/api/v1/prompts/{made['id']}")


def test_key_offers_what_its_scopes_say(use, live):
    async def look(client):
        assert [tool.name for tool in (await client.list_tools()).tools] == []
        assert (await client.list_resources()).resources == [] and (await client.list_prompts()).prompts == []
        for name in ("ask_handbook_guide", "search_all"):
            with pytest.raises(MCPError):
                await client.call_tool(name, {"question": "x", "query": "x"})
        with pytest.raises(MCPError):
            await client.read_resource("guildhall://documents/00000000-0000-0000-0000-000000000000")

    use(look, scopes=["agents:read"])


def test_what_is_wrong_is_told_to_the_model(use, vendor):
    vendor.script(fails(401))

    async def look(client):
        for name, arguments in (
            ("search_all", {"query": ""}),
            ("search_all", {"query": "x", "limit": 99}),
            ("search_all", {"query": "x\0"}),
            ("ask_handbook_guide", {"question": 7}),
        ):
            told = await client.call_tool(name, arguments)
            assert told.is_error and told.content[0].text
        failed = await client.call_tool("ask_handbook_guide", {"question": "Hello?"})
        assert failed.is_error and failed.structured_content["state"] == "failed"
        with pytest.raises(MCPError):
            await client.call_tool("nothing", {})
        with pytest.raises(MCPError):
            await client.read_resource("file:///etc/passwd")
        with pytest.raises(MCPError):
            await client.list_resources(cursor="nowhere")

    use(look)


def test_progress_is_told_and_going_away_stops_the_run(use, vendor, live):
    vendor.script(says(" ".join(["word"] * 30), delay_s=0.05), says(" ".join(["word"] * 600), delay_s=0.1))
    told = []

    async def progress(done, total, message):
        told.append(done)

    async def look(client):
        await client.call_tool("ask_handbook_guide", {"question": "First?"}, progress_callback=progress)
        with anyio.move_on_after(2):
            await client.call_tool("ask_handbook_guide", {"question": "Second?"})

    use(look)
    assert len(told) > 3 and told == sorted(told)
    query = "SELECT state FROM agents_run WHERE question = 'Second?'"
    wait_for(lambda: live.sql(query, schema="t_acme")[0][0] == "cancelled", timeout_s=20)


def test_who_has_no_key_gets_nothing(live):
    for headers in ({}, {"Authorization": "Bearer gh_acme_bad_key0000"}, {"Cookie": live.cookies()}):
        answer = httpx.post(
            f"http://127.0.0.1:{live.port}/mcp", json={}, headers={"Host": f"acme.localhost:{live.port}", **headers}
        )
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")
