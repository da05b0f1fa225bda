"""A repository documented in a browser by the sample, its picture drawn, light, dark and on a phone."""

import pytest
from playwright.sync_api import expect

from apps.agents.sandbox import scripts
from apps.agents.sandbox.bubblewrap import Bubblewrap
from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser


def test_repository_is_documented_by_the_sample(open_page, form_of, console):
    form = form_of("code_documentation")
    for view in VIEWS.values():
        page = open_page(form, login="jonas", **view)
        page.get_by_role("button", name="Try it with a sample").click()
        page.get_by_role("button", name="Run", exact=True).click()
        result = page.locator("#result")
        expect(result.get_by_role("img", name="Which part uses which")).to_be_visible(timeout=60_000)
        expect(result).to_contain_text("def fee(kind: str, days: int) -> int")
        expect(result.locator(".codebox").first).to_contain_text("# lending")
        assert violations(page) == [] and not is_sideways(page)
    assert console == []


@pytest.mark.skipif(not scripts.works(Bubblewrap()), reason="bubblewrap does not work here.")
def test_tests_are_written_run_and_kept_by_the_sample(open_page, form_of, console):
    form = form_of("code_tests")
    page = open_page(form, login="jonas")
    page.get_by_role("button", name="Try it with a sample").click()
    page.get_by_role("button", name="Run", exact=True).click()
    result = page.locator("#result")
    expect(result).to_contain_text("Covered now: 53.8 % (50 / 93)", timeout=120_000)
    expect(result).to_contain_text("def test_fee_raises_value_error(arguments):")
    for view in ("dark", "phone"):
        seen = open_page(page.url.removeprefix(page.url.split("/agents/")[0]), login="jonas", **VIEWS[view])
        expect(seen.locator("#result")).to_contain_text("Covered now")
        assert violations(seen) == [] and not is_sideways(seen)
    assert violations(page) == [] and console == []
