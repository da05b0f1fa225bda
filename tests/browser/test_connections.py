"""A service connected by its description, its tools given to an agent, and a call that changes something approved: by pages alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_agents import AWAY
from tests.browser.test_approvals import TAKEN, ask
from tests.browser.test_pages import VIEWS, is_sideways, violations
from tests.integrations.service import Service
from tests.standin.server import StandIn, calls, says

pytestmark = pytest.mark.browser
GONE = """
from apps.core.tenancy import tenant_context
from apps.integrations.models import Connection
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")): Connection.objects.all().delete()
"""


@pytest.fixture
def vendor(live):
    with StandIn() as server:
        live.use_model(server.url)
        yield server
    live.manage(code=AWAY + TAKEN + GONE)


@pytest.fixture
def desk(live):
    with Service(key="sk-desk-canary-1f0c9a7e55d24b") as service:
        live.secrets["key of a connected service"] = service.key
        yield service


def connect(page, desk):
    page.get_by_role("link", name="Connect a service").first.click()
    page.get_by_label("Address of its OpenAPI document").fill(f"{desk.url}/openapi.json")
    page.get_by_label("It is shown").select_option("bearer")
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
        live.manage(code=GONE)
    console[:] = [line for line in console if "status of 422" not in line]  # the form that was refused
