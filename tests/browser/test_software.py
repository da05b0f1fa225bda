"""A repository documented in a browser by the sample, its picture drawn, light, dark and on a phone."""

import pytest
from playwright.sync_api import expect

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
