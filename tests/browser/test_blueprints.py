"""An agent made from a blueprint by a builder, and a tender that a member has it read."""

import re

import pytest
from playwright.sync_api import expect

from tests.blueprints.samples import tender_pdf
from tests.browser.conftest import AWAY
from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser


@pytest.fixture
def made(live, open_page):
    """The address of the form of an agent made from the tender analyser, as its builder makes it."""
    page = open_page("/agents/", login="amina")
    page.get_by_role("link", name="Make an agent").first.click()
    page.get_by_role("link", name="Tender analyser").click()
    expect(page.locator("main")).to_contain_text("It works by the blueprint “Tender analyser”")
    page.get_by_role("button", name="Make").click()
    page.wait_for_url(re.compile("/behaviour/$"))
    yield page.url.replace("/behaviour/", "/form/").removeprefix(live.url())
    live.code(AWAY.format(blueprint="rfp_analyser"))


def test_from_the_list_of_agents_to_the_result(live, open_page, made, tmp_path, console):
    (tmp_path / "schools.pdf").write_bytes(tender_pdf())
    page = open_page("/agents/", login="jonas")
    page.locator("article", has_text="Tender analyser").get_by_role("link", name="Tender analyser").first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".err")).to_contain_text("Fill in “Tender”.")
    assert [line for line in console if "422" not in line] == []
    console.clear()
    page.set_input_files("input[type=file]", tmp_path / "schools.pdf")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#result")).to_contain_text("The contractor shall clean every classroom", timeout=30_000)
    expect(page.locator("#result")).to_contain_text("5 requirements")
    for words, begins in (("As PDF", b"%PDF"), ("As a Word file", b"PK"), ("As JSON", b"{")):
        page.get_by_role("button", name="Save", exact=True).click()
        assert violations(page) == []
        with page.expect_download() as got:
            page.get_by_role("link", name=words).click()
        assert got.value.path().read_bytes().startswith(begins)
    assert '"obligation": "must"' in got.value.path().read_text()
    page.get_by_role("link", name="See the run").click()
    expect(page.locator("#run")).to_contain_text("Find the requirements")
    with page.expect_download() as got:
        page.get_by_role("link", name="schools.pdf").click()
    assert got.value.path().read_bytes().startswith(b"%PDF")


def test_pages_are_clean(live, open_page, made, tmp_path):
    (tmp_path / "schools.pdf").write_bytes(tender_pdf())
    for view in VIEWS.values():
        page = open_page(made, login="jonas", **view)
        assert violations(page) == [] and not is_sideways(page)
        page.set_input_files("input[type=file]", tmp_path / "schools.pdf")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#result")).to_contain_text("5 requirements", timeout=30_000)
        assert violations(page) == [] and not is_sideways(page), page.url
        page = open_page("/agents/new/", login="amina", **view)
        assert violations(page) == [] and not is_sideways(page)
