"""Invoices in a browser: the sample that ships, run again with its files, and many at once."""

import pytest
from playwright.sync_api import expect

from tests.blueprints.invoice_set import PLAIN
from tests.blueprints.invoices import as_ubl, changed
from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser


@pytest.fixture
def form(form_of):
    return form_of("invoice_validator")


def test_the_sample_is_tried_and_run_again_with_its_files(open_page, form, console):
    page = open_page(form, login="jonas")
    page.get_by_role("button", name="Try it with a sample").click()
    expect(page.locator(".badge", has_text="orders.csv")).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#result")).to_contain_text("4 errors were found", timeout=30_000)
    expect(page.locator("#result")).to_contain_text("GrandTotalAmount, line")
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("#result")).to_contain_text("was checked before", timeout=30_000)
    assert console == []


def test_many_at_once(open_page, form, tmp_path, console):
    for number in range(3):
        (tmp_path / f"{number}.xml").write_bytes(as_ubl(changed(PLAIN, number=f"N-{number}")))
    (tmp_path / "virus.exe").write_bytes(b"MZ")
    page = open_page(form, login="amina")
    page.get_by_role("link", name="Many at once").click()
    assert violations(page) == []
    page.set_input_files("#id_files", sorted(tmp_path.iterdir()))
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#batch")).to_contain_text("3 rows fit the form.")
    expect(page.locator("#batch")).to_contain_text("virus.exe")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#batch")).to_contain_text("3 of 4 done", timeout=60_000)
    expect(page.locator("#batch")).to_contain_text("It fits.")
    assert (violations(page), console) == ([], [])


def test_pages_are_clean(open_page, form):
    for view in VIEWS.values():
        page = open_page(form, login="amina", **view)
        page.get_by_role("button", name="Try it with a sample").click()
        assert violations(page) == [] and not is_sideways(page)
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#result")).to_contain_text("errors were found", timeout=30_000)
        assert violations(page) == [] and not is_sideways(page)
        page = open_page(f"/batches/new/?agent={form.split('/')[2]}", login="amina", **view)
        assert violations(page) == [] and not is_sideways(page)
