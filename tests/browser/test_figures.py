"""The finance analyser in a browser: its sample, its charts, and the file to keep."""

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.standin.server import says

pytestmark = pytest.mark.browser


@pytest.fixture
def form(form_of):
    return form_of("finance_analyser")


def test_the_sample_has_charts_and_can_be_kept(open_page, form, console):
    for view in VIEWS.values():
        page = open_page(form, login="jonas", **view)
        page.get_by_role("button", name="Try it with a sample").click()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#result")).to_contain_text("What stands out", timeout=30_000)
        expect(page.get_by_role("img", name="Plan and actual")).to_be_visible()
        expect(page.locator("#result .chartbox")).to_have_count(5)
        assert violations(page) == [] and not is_sideways(page)
    page.get_by_role("button", name="Save", exact=True).click()
    with page.expect_download() as got:
        page.get_by_role("link", name="As PDF").click()
    assert got.value.path().read_bytes().startswith(b"%PDF")
    assert console == []


def test_a_figure_leads_to_where_its_formula_stands(open_page, form, vendor, console):
    vendor.script(says('{"sentences": ["Facilities went over by 44,244.95."]}'))
    for view in VIEWS.values():
        page = open_page(form, login="jonas", **view)
        page.get_by_role("button", name="Try it with a sample").click()
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_role("link", name="44,244.95").click(timeout=30_000)
        heading = page.locator("#result h2:target")
        expect(heading).to_have_text("Plan and actual")
        expect(heading).to_be_in_viewport()
        assert violations(page) == [] and not is_sideways(page)
    assert console == []
