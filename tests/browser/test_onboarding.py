"""A plan for a new colleague, kept as a checklist, ticked and changed in a browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser
AWAY = """
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
from apps.workflows.models import Checklist
with tenant_context(tenant_for_slug("acme")):
    Checklist.objects.all().delete()
"""


@pytest.fixture
def away(live):
    yield
    live.code(AWAY)


@pytest.mark.usefixtures("away")
def test_from_the_form_to_the_last_tick(live, open_page, form_of, console):
    page = open_page(form_of("hr_onboarding"), login="amina")
    page.get_by_role("button", name="Try it with a sample").click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#result")).to_contain_text("Hand over laptop and keys", timeout=60_000)
    assert violations(page) == []
    page.get_by_role("button", name="Keep as a checklist").click()
    page.wait_for_url(re.compile("/checklists/[0-9a-f-]{36}/$"))
    where = page.url.removeprefix(live.url())
    expect(page.locator("#checklist")).to_contain_text("0 of 11 done")
    jonas = open_page("/checklists/", login="jonas")
    jonas.get_by_role("link", name="Hand over laptop and keys").click()
    expect(jonas.get_by_role("button", name="Done: Welcome and show the house")).to_have_count(0)
    jonas.get_by_role("button", name="Done: Hand over laptop and keys").click()
    expect(jonas.locator("#checklist")).to_contain_text("1 of 11 done")
    page.reload()
    expect(page.locator("#checklist")).to_contain_text("done by Jonas")
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_label("What is to be done").fill("Bake a cake")
    page.get_by_label("Due").fill("2027-02-02")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#checklist")).to_contain_text("1 of 12 done")
    for view in VIEWS.values():
        for path in ("/checklists/", where):
            seen = open_page(path, login="amina", **view)
            assert violations(seen) == [] and not is_sideways(seen)
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove it with all that stands on it").click()
    page.wait_for_url(re.compile("/checklists/$"))
    assert console == []
