"""An agent that is asked by itself, from its making to the answer in a conversation; and one that is asked for each row of a table."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser
TABLE = b"topic,length,owner\nannual leave,short,Ann\nsickness,short,Bo\ntravel,endless,Cy\n"
AWAY = """
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
from apps.workflows.models import Automation, Batch
with tenant_context(tenant_for_slug("acme")):
    Automation.objects.all().delete()
    Batch.objects.all().delete()
"""


@pytest.fixture
def away(live):
    yield
    live.code(AWAY)


def test_from_its_making_to_an_answer_in_a_conversation(live, open_page, away):
    page = open_page("/automations/", login="jonas")
    page.get_by_role("link", name="Make an automation").first.click()
    page.locator("main").get_by_role("link", name="Handbook guide").click()
    page.fill("#id_name", "Leave every Monday")
    page.get_by_label("What it is asked").fill("How many days of annual leave do I get?")
    expect(page.get_by_label("On", exact=True)).to_be_hidden()
    page.get_by_label("How often").select_option(label="Every week")
    expect(page.get_by_label("On", exact=True)).to_be_visible()
    page.get_by_label("It starts").select_option(label="When something happens")
    expect(page.get_by_label("How often")).to_be_hidden()
    expect(page.get_by_label("In the collection")).to_be_visible()
    page.get_by_label("It starts").select_option(label="At a time")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("/automations/[0-9a-f-]{36}/$"))
    expect(page.locator("main")).to_contain_text("Every Monday at 8 a.m.")
    page.get_by_role("button", name="Start now").click()
    expect(page.locator("main")).to_contain_text("By hand")
    expect(page.locator("main")).to_contain_text("Conversation · Sent", timeout=20_000)
    page.reload()
    page.get_by_role("link", name="Leave every Monday").last.click()
    expect(page.locator(".msg[data-open=no] .prose").last).to_contain_text("28 days")
    page.goto(f"{live.url()}/automations/")
    page.locator("main").get_by_role("link", name="Leave every Monday").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("main")).to_contain_text("It is paused.")


def test_table_from_its_upload_to_the_results(live, open_page, away, tmp_path):
    (tmp_path / "topics.csv").write_bytes(TABLE)
    page = open_page("/agents/", login="jonas")
    page.get_by_role("link", name="Fill in the form Policy brief").click()
    page.get_by_role("link", name="Many at once").click()
    page.set_input_files("#id_file", tmp_path / "topics.csv")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#batch")).to_contain_text("fit the form")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#batch .card-head").first).to_contain_text("Done", timeout=30_000)
    with page.expect_download() as got:
        page.get_by_role("link", name="Results as CSV").click()
    text = got.value.path().read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == "topic,length,owner,Status,Result,Reason,Run" and "28 days" in text


def test_pages_are_clean(live, open_page, away):
    for view in VIEWS.values():
        page = open_page("/automations/", login="jonas", **view)
        page.goto(f"{live.url()}/automations/new/")
        page.locator("main").get_by_role("link", name="Handbook guide").click()
        at = page.url
        for path in (f"{live.url()}/automations/", at, f"{live.url()}/batches/", f"{live.url()}/batches/new/"):
            page.goto(path)
            assert violations(page) == [] and not is_sideways(page), path
        page.goto(at)
        page.fill("#id_name", "Clean")
        page.get_by_label("What it is asked").fill("Well?")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(re.compile("/automations/[0-9a-f-]{36}/$"))
        assert violations(page) == [] and not is_sideways(page), page.url
