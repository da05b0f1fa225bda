"""A project from its name to a conversation in it, as its manager and as a contributor see it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser
AWAY = """
from apps.core.tenancy import tenant_context
from apps.projects.models import Project
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")): Project.objects.filter(name="Bridge").delete()
"""


@pytest.fixture
def away(live):
    yield
    live.code(AWAY)


def test_from_its_name_to_an_answer(live, open_page, away):
    page = open_page("/projects/", login="amina")
    page.get_by_role("link", name="Begin a project").click()
    page.fill("#id_name", "Bridge")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bridge")
    page.locator("#agents-new").select_option(label="Handbook guide")
    page.get_by_role("button", name="Assign Agents").click()
    expect(page.locator("main")).to_contain_text("Handbook guide")
    page.locator("#knowledge-new").select_option(label="Company documents")
    page.get_by_role("button", name="Assign Collections").click()
    page.get_by_role("link", name="Change the members").click()
    page.locator("#id_to").select_option(label="Jonas Lind")
    page.locator("#id_level").select_option(value="use")
    page.get_by_role("button", name="Share", exact=True).click()

    theirs = open_page("/projects/", login="jonas")
    theirs.get_by_role("link", name="Bridge").click()
    expect(theirs.get_by_role("button", name="Archive")).to_have_count(0)
    theirs.get_by_role("link", name="Handbook guide").click()
    expect(theirs.locator(".composer")).to_contain_text("Bridge")
    theirs.fill("#msg", "How many days of annual leave do I get?")
    theirs.keyboard.press("Enter")
    theirs.wait_for_url(re.compile("/chat/[0-9a-f-]{36}/"))
    expect(theirs.locator(".msg[data-open=no] .prose")).to_contain_text("28 days", timeout=20_000)
    theirs.get_by_role("link", name="Bridge").click()
    theirs.get_by_role("link", name="Your conversations").click()
    expect(theirs.locator("#conversations")).to_contain_text("How many days")

    page.goto(f"{page.url.partition('/projects/')[0]}/projects/")
    page.get_by_role("link", name="Bridge").click()
    at = page.url
    page.get_by_role("link", name="Figures").click()
    expect(page.get_by_role("region", name="Figures: By person")).to_contain_text("Jonas Lind")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV By person").click()
    assert "Jonas Lind,1,1,0" in download.value.path().read_text()
    for view in VIEWS.values():
        seen = open_page("/", login="amina", **view)
        seen.goto(f"{at}figures/")
        assert violations(seen) == [] and not is_sideways(seen)


def test_pages_are_clean(live, open_page):
    for view in VIEWS.values():
        page = open_page("/projects/", login="amina", **view)
        page.get_by_role("link", name="New colleagues").click()
        at = page.url
        for path in (f"{live.url()}/projects/", f"{live.url()}/projects/new/", at, f"{at}edit/", f"{at}settings/"):
            page.goto(path)
            assert violations(page) == [], path
            assert not is_sideways(page), path
