"""Workflows in a browser: one begun with a pattern and run to its end, and one written step by step."""

import re

import pytest
from playwright.sync_api import expect

from apps.agents.blueprints.registry import blueprint_named
from tests.browser.conftest import AWAY
from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser
NEEDED = ("rfp_analyser", "rfp_architect", "rfp_compliance", "rfp_costs", "rfp_proposal")
REMOVE = """
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
from apps.workflows.models import Execution, Workflow
with tenant_context(tenant_for_slug("acme")):
    Execution.objects.all().delete()
    Workflow.objects.all().delete()
"""


@pytest.fixture
def away(live):
    """Take away afterwards what these tests make."""
    yield
    live.code(REMOVE + "".join(AWAY.format(blueprint=blueprint) for blueprint in NEEDED))


def sample(key, name):
    return blueprint_named(key).folder / "samples" / name


@pytest.mark.usefixtures("away")
def test_tender_is_answered_by_agents_and_a_person(live, open_page, console):
    page = open_page("/workflows/", login="amina")
    page.get_by_role("link", name="Make a workflow").first.click()
    page.get_by_role("link", name="Answer a tender").click()
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url(re.compile("/edit/$"))
    edit = page.url.removeprefix(live.url())
    page.get_by_role("link", name="To the start").click()
    page.set_input_files("#id_values-tender", sample("rfp_analyser", "tender.md"))
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".err")).to_contain_text("Fill in “Work breakdown”.")
    assert [line for line in console if "422" not in line] == []
    console.clear()
    page.set_input_files("#id_values-work", sample("rfp_costs", "work.csv"))
    page.set_input_files("#id_values-rates", sample("rfp_costs", "rates.csv"))
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile("/executions/"))
    expect(page.locator("#execution")).to_contain_text("Waits for somebody", timeout=60_000)
    execution = page.url.removeprefix(live.url())
    page.reload()
    page.get_by_role("link", name="Decide Do we bid?").click()
    expect(page.locator("article")).to_contain_text("17 requirements in tender.md")
    assert violations(page) == []
    page.get_by_role("button", name="Write the proposal").click()
    expect(page.locator("main")).to_contain_text("By")
    page.get_by_role("link", name="See the workflow").click()
    expect(page.locator("#execution")).to_contain_text("Requirements and answers", timeout=60_000)
    for view in VIEWS.values():
        seen = open_page(edit, login="amina", **view)
        for address in (edit, edit.replace("edit/", ""), execution):
            seen.goto(f"{live.url()}{address}")
            assert violations(seen) == [] and not is_sideways(seen), (view, address)
    member = open_page(edit.replace("edit/", ""), login="jonas")
    expect(member.get_by_role("button", name="Start", exact=True)).to_be_visible()
    expect(member.get_by_role("link", name="Change")).to_have_count(0)


@pytest.mark.usefixtures("away")
def test_written_step_by_step_and_undone(open_page, console):
    page = open_page("/workflows/new/", login="amina")
    page.get_by_label("Name").fill("Question and decision")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("main")).to_contain_text("Add a step first.")
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_label("What it is called").fill("Topic")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name=re.compile("Add a step")).first.click()
    page.get_by_role("link", name="An agent works").click()
    page.get_by_role("link", name="Handbook guide").click()
    page.get_by_label("What it is called").fill("Find out")
    page.get_by_label("Question").fill("What do our documents say about {{ subject }}?")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".flow-step .err")).to_contain_text("Nothing before “find_out” is called {{ subject }}.")
    page.get_by_role("link", name="Find out", exact=True).click()
    page.get_by_label("Question").fill("What do our documents say about {{ topic }}?")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).not_to_contain_text("It cannot be started yet")
    page.get_by_role("link", name=re.compile("Add a step at the end")).click()
    page.get_by_role("link", name="Again").click()
    page.get_by_label("What it is called").fill("Until it is good")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("choose what is looked at")
    page.get_by_role("button", name="Undo the last change").click()
    expect(page.locator(".flow-step")).to_have_count(1)
    page.get_by_role("link", name="To the start").click()
    page.get_by_label("Topic").fill("annual leave")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#execution")).to_contain_text("28", timeout=30_000)
    assert console == []
