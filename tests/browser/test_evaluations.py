"""An agent's evaluation set: written, run, its draft kept from being published, what people said taken in."""

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.live import wait_for
from tests.standin.server import says

pytestmark = pytest.mark.browser
NAME = "Leave desk"
GONE = f"""
from apps.agents.models import Agent, Run
from apps.conversations.models import Conversation
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    for agent in Agent.objects.filter(name={NAME!r}, draft_of=None):
        agent.evaluation_sets.all().delete()
        Conversation.objects.filter(agent=agent).delete()
        Run.objects.filter(agent__in=Agent.objects.filter(draft_of=agent)).delete()
        Agent.objects.filter(draft_of=agent).delete()
        Run.objects.filter(agent=agent).delete()
        agent.delete()
"""


@pytest.fixture
def desk(live, vendor):
    """The key of an agent on the stand-in."""
    with live.api(login="amina") as api:
        made = api.post("/api/v1/agents/", json={"name": NAME, "instructions": "Be brief."}).raise_for_status().json()
    live.use_model(vendor.url)
    yield made["id"]
    live.code(GONE)


def add_case(page, question, expected):
    page.get_by_role("link", name="Add a case").click()
    page.get_by_label("Question").fill(question)
    page.get_by_label("Expected").fill(expected)
    page.get_by_role("button", name="Save").click()


def test_a_draft_that_passes_less_is_not_published(live, open_page, vendor, desk, console):
    page = open_page(f"/agents/{desk}/evaluations/", login="amina")
    page.get_by_role("link", name="Make a set").first.click()
    page.get_by_label("Name", exact=True).fill("Leave")
    page.get_by_label("Guards publishing").check()
    page.get_by_role("button", name="Save").click()
    add_case(page, "How many days of leave?", "28 days")
    add_case(page, "Who approves it?", "manager")
    vendor.script(says("28 days, and your manager approves."))
    page.get_by_role("button", name="Run on what is published").click()
    expect(page.locator("#evaluation")).to_contain_text("2 of 2 passed", timeout=30_000)
    page.get_by_text("The answer").first.click()
    expect(page.locator(".passage").first).to_have_text("28 days, and your manager approves.")

    page.goto(f"{live.url()}/agents/{desk}/behaviour/")
    page.get_by_label("Instructions").fill("Say less.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("“Leave” guards this agent")
    page.goto(f"{live.url()}/agents/{desk}/versions/")
    page.get_by_role("button", name="Work on a draft").click()
    page.get_by_label("Instructions").fill("Say less.")
    page.get_by_role("button", name="Save").click()
    vendor.script(says("Your manager approves."))
    page.goto(f"{live.url()}/agents/{desk}/evaluations/")
    page.get_by_role("link", name="Leave", exact=True).click()
    page.get_by_role("button", name="Run on the draft").click()
    expect(page.locator("#evaluation")).to_contain_text("1 of 2 passed", timeout=30_000)
    expect(page.get_by_label("Compare with")).to_be_visible()  # it came with what was swapped in
    page.reload()
    page.get_by_label("Compare with").select_option(index=1)
    expect(page.locator("#evaluation")).to_contain_text("0 better · 1 worse")
    expect(page.locator("#evaluation li").first).to_contain_text("Missing: “28 days”")
    page.get_by_role("link", name="Compare and publish").click()
    page.get_by_role("button", name="Publish the draft").click()
    expect(page.locator("body")).to_contain_text("The draft passes 1 of 2 cases of “Leave”, what is published 2.")
    console[:] = [line for line in console if "status of 422" not in line]  # the form that was refused


def test_what_people_said_becomes_a_case(live, open_page, vendor, desk):
    vendor.script(says("30 days."))
    with live.api() as api:
        begun = api.post(f"/api/v1/agents/{desk}/chat", json={"text": "How many days?"}).raise_for_status().json()
        at = f"/api/v1/conversations/{begun['conversation']}/messages/{begun['id']}"
        wait_for(lambda: api.get(f"/api/v1/runs/{begun['run']}").json()["state"] == "succeeded")
        said = {"is_good": False, "correction": "It is 28 days."}
        api.put(f"{at}/feedback", json=said).raise_for_status()
    with live.api(login="amina") as api:
        api.post("/api/v1/evaluations/", json={"agent": desk, "name": "Leave"}).raise_for_status()
    page = open_page(f"/agents/{desk}/feedback/", login="amina")
    page.get_by_role("link", name="Add to an evaluation set").click()
    page.get_by_role("link", name="Leave", exact=True).click()
    expect(page.get_by_label("Question")).to_have_value("How many days?")
    expect(page.get_by_label("Expected")).to_have_value("It is 28 days.")
    page.get_by_label("Graded by").select_option("contains")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("from feedback")


def test_a_draft_answers_some_of_the_people(live, open_page, vendor, desk):
    page = open_page(f"/agents/{desk}/experiments/new/", login="amina")
    expect(page.locator("main")).to_contain_text("There is no draft to try")
    page.get_by_role("button", name="Work on a draft").click()
    page.get_by_label("Instructions").fill("Say less.")
    page.get_by_role("button", name="Save").click()
    page.goto(f"{live.url()}/agents/{desk}/evaluations/")
    page.get_by_role("link", name="Begin an experiment").click()
    page.get_by_label("Name", exact=True).fill("Shorter answers")
    page.get_by_label("Percent of the people").fill("99")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("main")).to_contain_text("the draft answers 99 percent of the people")
    vendor.script(says("28 days."))
    with live.api() as api:
        begun = api.post(f"/api/v1/agents/{desk}/chat", json={"text": "How many days?"}).raise_for_status().json()
        wait_for(lambda: api.get(f"/api/v1/runs/{begun['run']}").json()["state"] == "succeeded")
    page.reload()
    expect(page.locator("table")).to_contain_text("1 person, 1 answer")
    page.goto(f"{live.url()}/agents/{desk}/evaluations/")
    page.get_by_role("link", name="Shorter answers").click()
    page.get_by_role("button", name="End").click()
    page.get_by_role("dialog").get_by_role("button", name="End").click()
    expect(page.locator("main")).to_contain_text("Ended by hand")
    page.get_by_role("link", name="Compare and publish").click()
    page.get_by_role("button", name="Publish the draft").click()
    expect(page.locator("body")).to_contain_text("people use this version")


@pytest.mark.parametrize("view", VIEWS)
def test_looks(live, open_page, vendor, desk, view):
    with live.api(login="amina") as api:
        made = api.post("/api/v1/evaluations/", json={"agent": desk, "name": "Leave", "is_guard": True}).json()
        at = f"/api/v1/evaluations/{made['id']}"
        cases = [{"question": "How many days?", "expected": "28"}, {"question": "W" * 200, "expected": "x" * 200}]
        api.post(f"{at}/cases/bulk", json={"cases": cases}).raise_for_status()
        vendor.script(says("28"))
        run = api.post(f"{at}/runs", json={}).raise_for_status().json()
        api.patch(at, json={"is_guard": False}).raise_for_status()
        api.post(f"/api/v1/agents/{desk}/draft").raise_for_status()
        about = {"agent": desk, "name": "Shorter"}
        experiment = api.post("/api/v1/experiments/", json=about).raise_for_status().json()
    page = open_page(f"/agents/{desk}/evaluations/", login="amina", **VIEWS[view])
    at = f"evaluations/{made['id']}/"
    pages = (at, f"{at}edit/", f"{at}cases/new/", f"agents/{desk}/experiments/new/", f"experiments/{experiment['id']}/")
    for path in ("", *pages, f"evaluations/runs/{run['id']}/"):
        if path:
            page.goto(f"{live.url()}/{path}")
        assert violations(page) == []
        assert not is_sideways(page)
    expect(page.locator("#evaluation")).to_contain_text("1 of 2 passed", timeout=30_000)
    assert violations(page) == []
