"""Tools given on their page; what an agent wants to do waits in the chat, on home, and on its own page, and goes on as decided."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_agents import AWAY
from tests.browser.looks import VIEWS, is_sideways, violations
from tests.standin.server import StandIn, calls, says

pytestmark = pytest.mark.browser
SUM = calls("calculate", {"expression": "6*7"})
TAKEN = """
from apps.agents.models import StandingConsent, ToolGrant
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    ToolGrant.objects.all().delete(); StandingConsent.objects.all().delete()
"""


@pytest.fixture
def vendor(live):
    """The agents on a model of the stand-in; they and their tools are put back in the end."""
    with StandIn() as server:
        live.use_model(server.url)
        yield server
    live.code(AWAY + TAKEN)


@pytest.fixture
def asking(live, vendor):
    """An agent that asks before each sum; return its key."""
    with live.api() as api:
        agent = next(a for a in api.get("/api/v1/agents/").json() if a["name"] == "Handbook guide")["id"]
        sent = api.put(f"/api/v1/agents/{agent}/tools", json={"tools": [{"tool": "calculate", "consent": "always"}]})
        assert sent.status_code == 200, sent.text
    return agent


def ask(page, agent):
    page.goto(re.sub(r"(localhost:\d+).*", rf"\1/chat/new/?agent={agent}", page.url))
    page.get_by_role("textbox", name="Message").fill("What is 6*7?")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(re.compile(r"/chat/[0-9a-f-]{36}/"))


def test_tools_are_given_on_their_page(live, open_page, vendor, console):
    page = open_page("/agents/", login="amina")
    page.get_by_role("link", name="Tools Handbook guide").click()
    tool = page.locator(".tool", has=page.get_by_role("heading", name="Calculator"))
    tool.get_by_label("May use it").check()
    tool.get_by_text("Before it is used").click()
    tool.get_by_label("Asks before").select_option("always")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("has these tools")
    expect(tool.get_by_label("May use it")).to_be_checked()
    other = page.locator(".tool", has=page.get_by_role("heading", name="Web pages"))
    other.get_by_label("May use it").check()
    other.get_by_label("Hosts").fill("https://example.com/x")
    page.get_by_role("button", name="Save").click()
    expect(other.get_by_role("alert")).to_contain_text("Write hosts like")
    assert other.get_by_label("Hosts").input_value() == "https://example.com/x"
    console[:] = [line for line in console if "status of 422" not in line]


def test_card_in_the_chat_is_approved(live, open_page, asking, vendor):
    vendor.script(SUM, says("It is **42**."))
    page = open_page(login="jonas")
    ask(page, asking)
    card = page.locator("[data-approval]")
    expect(card).to_contain_text("6*7", timeout=20_000)
    expect(card).to_contain_text("asks before each use")
    page.reload()
    expect(card).to_contain_text("6*7")
    card.get_by_role("button", name="Approve").click()
    expect(page.locator(".msg .prose strong")).to_have_text("42", timeout=20_000)
    expect(card).to_contain_text("Approved")
    expect(card).to_contain_text("said yes")
    expect(card.get_by_role("button")).to_have_count(0)


def test_declined_on_its_page_from_home_with_a_reason(live, open_page, asking, vendor):
    vendor.script(SUM, says("Then not."))
    page = open_page(login="jonas")
    ask(page, asking)
    expect(page.locator("[data-approval]")).to_be_visible(timeout=20_000)
    chat = page.url
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Home").click()
    page.get_by_role("link", name=re.compile("Handbook guide asks")).first.click()
    page.locator("summary", has_text="Decline").click()
    page.get_by_label("Why not?").fill("Use your head.")
    page.get_by_role("button", name="Decline it").click()
    expect(page.locator("[data-approval]")).to_contain_text("Declined")
    page.goto(chat)
    expect(page.locator(".msg .prose")).to_contain_text("Then not.", timeout=20_000)
    assert "Use your head." in vendor.asked[-1].body["messages"][-1]["content"]


def test_arguments_are_edited_before(live, open_page, asking, vendor):
    vendor.script(SUM, says("Done."))
    page = open_page(login="jonas")
    ask(page, asking)
    card = page.locator("[data-approval]")
    card.locator("summary", has_text="Edit first").click(timeout=20_000)
    card.get_by_label("expression").fill("6*8")
    card.get_by_role("button", name="Approve as changed").click()
    page.wait_for_url(re.compile("/approvals/"))
    expect(page.locator("[data-approval] ins")).to_have_text("6*8")
    expect(page.locator("[data-approval] del")).to_have_text("6*7")
    page.get_by_role("link", name="See the run").click()
    page.get_by_role("link", name=re.compile("^Calculator")).click()
    expect(page.locator("#detail")).to_contain_text('"value": "48"', timeout=20_000)
    expect(page.locator("#detail")).to_contain_text("6*8")


def test_pages_are_clean(live, open_page, asking, vendor):
    vendor.script(*[SUM] * len(VIEWS))
    for view in VIEWS.values():
        page = open_page(login="jonas", **view)
        ask(page, asking)
        expect(page.locator("[data-approval]")).to_be_visible(timeout=20_000)
        assert violations(page) == [] and not is_sideways(page)
        for summary in page.locator("[data-approval] footer summary").all():
            summary.click()
        assert violations(page) == [] and not is_sideways(page)
        for path in ("/approvals/", "/approvals/?show=all", "/approvals/consents/", "/"):
            page.goto(re.sub(r"(localhost:\d+).*", rf"\1{path}", page.url))
            assert violations(page) == [] and not is_sideways(page), path
        page.get_by_role("link", name=re.compile("Handbook guide asks")).first.click()
        assert violations(page) == [] and not is_sideways(page)
        page.get_by_role("link", name="See the run").click()
        assert violations(page) == [] and not is_sideways(page)
        builder = open_page(f"/agents/{asking}/tools/", login="amina", **view)
        for summary in builder.locator(".tool summary").all():
            if not summary.evaluate("s => s.parentElement.open"):
                summary.click()
        assert violations(builder) == [] and not is_sideways(builder)
        builder.goto(f"{live.url()}/agents/{asking}/health/")
        expect(builder.locator("h1")).to_contain_text("fares")
        assert violations(builder) == [] and not is_sideways(builder)


def test_plan_is_changed_then_followed_task_by_task(live, open_page, asking, vendor):
    with live.api() as api:
        api.put(f"/api/v1/agents/{asking}/tools", json={"tools": [{"tool": "work_by_plan"}]}).raise_for_status()
    written = {"tasks": ["Find the days.", "Write to the board."]}
    vendor.script(calls("work_by_plan", written), says("28 days."), says("All of it is **done**."))
    page = open_page(login="jonas")
    ask(page, asking)
    card = page.locator("[data-approval]")
    expect(card.locator(".tasks li")).to_have_count(2, timeout=20_000)
    expect(card).to_contain_text("This is what it will do")
    assert violations(page) == []
    chat = page.url
    card.locator("summary", has_text="Edit first").click()
    card.get_by_label("tasks").fill("Find the days.")
    card.get_by_role("button", name="Approve as changed").click()
    page.wait_for_url(re.compile("/approvals/"))
    page.goto(chat)
    expect(page.locator(".msg .prose strong")).to_have_text("done", timeout=20_000)
    expect(card.locator(".tasks li")).to_have_count(1)
    expect(card.locator(".tasks .badge.ok")).to_have_text("Done")
