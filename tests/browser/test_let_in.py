"""An MCP server that wants a person's consent: connected, signed in to and called, by pages alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.browser.test_connections import GONE
from tests.integrations.oauth_server import SignInServer

pytestmark = pytest.mark.browser


@pytest.fixture
def sums(live):
    with SignInServer() as server:
        yield server
        live.secrets |= {f"token of a service {n}": token for n, token in enumerate(server.door.tokens)}
        live.secrets |= {f"refresh token of a service {n}": token for n, token in enumerate(server.door.refreshes)}
    live.code(GONE)


def connect(page, sums):
    page.get_by_role("link", name="Connect a service").first.click()
    page.get_by_label("What it is").select_option("mcp")
    page.get_by_label("Name", exact=True).fill("House of sums")
    page.get_by_label("Address of its OpenAPI document").fill(sums.url)
    page.get_by_label("Signs in with").select_option("oauth")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("main")).to_contain_text("Nobody is signed in")


def test_from_the_address_to_its_tools_and_out_again(live, open_page, sums):
    page = open_page("/connections/", login="amina")
    connect(page, sums)
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#trial")).to_contain_text("Nobody is signed in")
    page.get_by_role("button", name="Sign in at the service").click()
    expect(page.locator("main")).to_contain_text(sums.host)
    page.get_by_role("link", name="Go on").click()
    expect(page.locator("body")).to_contain_text("We are let in")
    page.get_by_label("add", exact=True).check()
    page.get_by_role("button", name="Save").click()
    sums.door.tokens.clear()  # taken back there: another one is fetched unasked
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#trial")).to_contain_text("The service answers")
    assert sums.door.renewed == 1
    page.get_by_role("button", name="Forget the sign-in").click()
    expect(page.locator("body")).to_contain_text("The sign-in is forgotten")
    assert len(sums.door.revoked) == 1


def test_refusal_is_told(live, open_page, sums):
    page = open_page("/connections/", login="amina")
    connect(page, sums)
    sums.door.refusal = "Ask your manager first."
    page.get_by_role("button", name="Sign in at the service").click()
    page.get_by_role("link", name="Go on").click()
    expect(page.locator("body")).to_contain_text("The service did not let us in: Ask your manager first.")


def test_pages_are_clean(live, open_page, sums):
    for view in VIEWS.values():
        page = open_page("/connections/", login="amina", **view)
        connect(page, sums)
        assert violations(page) == [] and not is_sideways(page)
        page.get_by_role("button", name="Sign in at the service").click()
        page.get_by_role("link", name="Go on").wait_for()
        assert violations(page) == [] and not is_sideways(page)
        page.get_by_role("link", name="Go on").click()
        page.get_by_role("button", name="Sign in again").wait_for()
        assert violations(page) == [] and not is_sideways(page)
        live.code(GONE)
