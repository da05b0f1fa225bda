"""A service connected by its description, its tools given to an agent, and a call that changes something approved: by pages alone."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.test_agents import AWAY
from tests.browser.test_approvals import TAKEN, ask
from tests.browser.looks import VIEWS, is_sideways, violations
from tests.integrations.service import Service
from tests.standin.server import StandIn, calls, says

pytestmark = pytest.mark.browser
GONE = """
from apps.agents.models import Agent
from apps.core.tenancy import tenant_context
from apps.integrations.models import Connection
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")): Connection.objects.all().delete(); Agent.objects.filter(name="House desk").update(is_active=False)
"""


@pytest.fixture
def vendor(live):
    with StandIn() as server:
        live.use_model(server.url)
        yield server
    live.code(AWAY + TAKEN + GONE)


@pytest.fixture
def desk(live):
    with Service(key="sk-desk-canary-1f0c9a7e55d24b") as service:
        live.secrets["key of a connected service"] = service.key
        yield service


def connect(page, desk):
    page.get_by_role("link", name="Connect a service").first.click()
    page.get_by_label("Address of its OpenAPI document").fill(f"{desk.url}/openapi.json")
    page.get_by_label("Signs in with").select_option("bearer")
    page.get_by_label("Secret", exact=True).fill(desk.key)
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("h1")).to_contain_text("Ticket desk")


def test_from_the_description_to_an_approved_call(live, open_page, vendor, desk):
    page = open_page("/connections/", login="amina")
    connect(page, desk)
    page.get_by_label("List tickets", exact=True).check()
    page.get_by_label("Create a ticket", exact=True).check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#trial")).to_contain_text("The service answers")
    page.goto(f"{live.url()}/agents/")
    page.get_by_role("link", name="Tools Handbook guide").click()
    for name in ("Ticket desk: List tickets", "Ticket desk: Create a ticket"):
        page.locator(".tool", has=page.get_by_role("heading", name=name)).get_by_label("May use it").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("has these tools")
    vendor.script(
        calls("ticket_desk_listTickets", {}),
        calls("ticket_desk_createTicket", {"body": {"title": "The lift is stuck again"}}),
        says("Ticket **7** is made."),
    )
    with live.api() as api:
        agent = next(a for a in api.get("/api/v1/agents/").json() if a["name"] == "Handbook guide")["id"]
    asker = open_page(login="jonas")
    ask(asker, agent)
    card = asker.locator("[data-approval]")
    expect(card).to_contain_text("The lift is stuck again", timeout=20_000)
    assert [method for method, *_ in desk.asked] == ["GET", "GET"]
    card.get_by_role("button", name="Approve").click()
    expect(asker.locator(".msg .prose strong")).to_have_text("7", timeout=20_000)
    assert desk.asked[-1][0::3] == ("POST", {"title": "The lift is stuck again"})


def test_pages_are_clean(live, open_page, vendor, desk, console):
    for view in VIEWS.values():
        page = open_page("/connections/", login="amina", **view)
        assert violations(page) == [] and not is_sideways(page)
        page.get_by_role("link", name="Connect a service").first.click()
        assert violations(page) == [] and not is_sideways(page)
        page.get_by_role("button", name="Read it").click()
        expect(page.locator(".err")).to_contain_text("Give the address")
        assert violations(page) == [] and not is_sideways(page)
        page.goto(f"{live.url()}/connections/")
        connect(page, desk)
        assert violations(page) == [] and not is_sideways(page)
        page.get_by_label("List tickets", exact=True).check()
        page.get_by_role("button", name="Save").click()
        desk.document["paths"]["/tickets"]["get"]["description"] += " Now otherwise."
        page.get_by_role("button", name="Read its description again").click()
        expect(page.locator("main")).to_contain_text("Described otherwise")
        page.locator("summary", has_text="What it takes").first.click()
        assert violations(page) == [] and not is_sideways(page)
        page.get_by_role("link", name="Change").click()
        assert violations(page) == [] and not is_sideways(page)
        live.code(GONE)
    console[:] = [line for line in console if "status of 422" not in line]  # the form that was refused


def test_first_agent_of_a_new_administrator_by_what_the_pages_say(live, open_page, vendor, desk):
    """Knowledge, a service and a yes: only links and buttons that are in view are followed; ten minutes are what a person may need."""
    begun = time.monotonic()
    page = open_page("/", login="amina")
    main = page.get_by_role("navigation", name="Main")
    main.get_by_role("link", name="Agents").click()
    page.get_by_role("link", name="Make an agent").click()
    page.get_by_label("Name", exact=True).fill("House desk")
    page.get_by_label("Company documents").check()
    page.get_by_role("button", name="Make", exact=True).click()
    page.get_by_role("link", name="Tools", exact=True).click()
    page.locator("main").get_by_role("link", name="Connections").click()
    connect(page, desk)
    page.get_by_label("Create a ticket", exact=True).check()
    page.get_by_role("button", name="Save").click()
    main.get_by_role("link", name="Agents").click()
    page.get_by_role("link", name="Tools House desk").click()
    tool = page.locator(".tool", has=page.get_by_role("heading", name="Ticket desk: Create a ticket"))
    tool.get_by_label("May use it").check()
    page.get_by_role("button", name="Save").click()
    live.use_model(vendor.url)
    vendor.script(
        calls("search_knowledge", {"query": "lift"}),
        calls("ticket_desk_createTicket", {"body": {"title": "The lift is stuck"}}),
        says("Ticket **7** is made."),
    )
    main.get_by_role("link", name="Agents").click()
    page.get_by_role("link", name="House desk", exact=True).click()
    page.get_by_role("textbox", name="Message").fill("The lift is stuck, as the handbook says.")
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator("[data-approval]").get_by_role("button", name="Approve").click(timeout=20_000)
    expect(page.locator(".msg .prose strong")).to_have_text("7", timeout=20_000)
    assert desk.asked[-1][0::3] == ("POST", {"title": "The lift is stuck"})
    assert time.monotonic() - begun < 600
