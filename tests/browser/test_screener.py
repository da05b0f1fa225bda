"""The résumé screener in a browser: its sample, and several files of one's own at once."""

import pytest
from playwright.sync_api import expect

from apps.agents.blueprints.registry import blueprint_named
from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser


@pytest.fixture
def form(form_of):
    return form_of("hr_screener")


def test_sample_and_files_of_ones_own(open_page, form, console):
    for view in VIEWS.values():
        page = open_page(form, login="jonas", **view)
        page.get_by_role("button", name="Try it with a sample").click()
        expect(page.locator("#fill")).to_contain_text("lena-hoffmann.md")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#result")).to_contain_text("Whose résumé it is", timeout=60_000)
        assert violations(page) == [] and not is_sideways(page)
    folder = blueprint_named("hr_screener").folder / "samples"
    page.get_by_role("link", name="Clear").click()
    page.set_input_files("#id_values-resumes", [folder / "jan_de_vries.md", folder / "omar_haddad.md"])
    page.get_by_label("Criteria").fill("Kubernetes; 2; must")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#result")).to_contain_text("2 résumés", timeout=60_000)
    assert console == []
