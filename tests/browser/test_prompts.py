"""A prompt from its first words to the agent that follows it: written, tried, labelled, chosen, asked, rolled back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import CHAT, ask
from tests.browser.looks import VIEWS, is_sideways, violations
from tests.standin.server import StandIn, says

pytestmark = pytest.mark.browser
PUT_BACK = """
from apps.core.tenancy import tenant_context
from apps.agents.models import *
from apps.prompts.models import Prompt
from apps.providers.models import *
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    agent = Agent.objects.get(name="Handbook guide")
    agent.prompt = agent.prompt_version = agent.personality = agent.model = None
    agent.prompt_label, agent.prompt_values = "", {}
    agent.save()
    agent.rule_sets.clear()
    Run.objects.update(prompt_version=None)
    Prompt.objects.filter(name="Travel desk").delete()
    Provider.objects.filter(name="Stand-in").delete()
"""


@pytest.fixture
def vendor(live):
    """The agent on a model of the stand-in; everything is put back in the end."""
    with StandIn() as server:
        live.use_model(server.url)
        yield server
    live.code(PUT_BACK)


def told(vendor):
    return next(m["content"] for m in vendor.asked[-1].body["messages"] if m["role"] == "system")


def test_from_the_first_words_to_an_answer(live, open_page, vendor):
    vendor.script(lambda asked: says("Second." if "briefly" in str(asked.body) else "First."))
    page = open_page("/prompts/new/", login="amina")
    page.fill("#id_name", "Travel desk")
    page.fill("#id_text", "You are the {{ desk }} desk.")
    expect(page.locator("#variables fieldset")).to_have_count(1)
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.locator("main")).to_contain_text("You are the {{ desk }} desk.")
    address = page.url.partition("?")[0]
    page.get_by_label("Put a label on version 1").fill("production")
    page.get_by_role("button", name="Put", exact=True).click()
    expect(page.locator("main")).to_contain_text("production version 1")

    page.get_by_role("link", name="New version").click()
    page.fill("#id_text", "You are the {{ desk }} desk. Answer briefly.")
    page.fill("#id_note", "Brief")
    page.get_by_role("button", name="Save the version").click()
    page.get_by_role("link", name="Compare").click()
    expect(page.locator("#difference ins")).to_contain_text("Answer briefly.")
    page.goto(f"{address}try/")
    page.get_by_label("desk").fill("travel")
    page.get_by_label("A question to try it with").fill("Who are you?")
    page.get_by_label("Model").select_option(label="Stand-in: scripted")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#try")).to_contain_text("Second.")
    expect(page.locator("#try")).to_contain_text("First.")
    assert violations(page) == []

    page.goto(f"{live.url()}/agents/")
    page.get_by_role("link", name="How it answers Handbook guide").click()
    page.get_by_label("Prompt", exact=True).select_option(label="Travel desk · production")
    page.get_by_label("desk").fill("travel")
    page.get_by_label("Personality").select_option(label="Creative")
    page.get_by_label("Technical support").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("aside").first).to_contain_text("You are the travel desk.")
    vendor.script(says("Do this:\n- click one\n- click two"))
    page.goto(f"{live.url()}/chat/new/")
    ask(page, "How do I start?")
    page.wait_for_url(CHAT)
    answer = page.locator(".msg[data-open=no]").last
    expect(answer.locator("ol li")).to_have_count(2, timeout=15_000)
    expect(answer).to_contain_text("Check at the end that")
    assert told(vendor).startswith("You are the travel desk.") and "imaginative" in told(vendor)
    answer.get_by_role("link", name=re.compile("See the run")).click()
    expect(page.locator("main")).to_contain_text("Rules looked at the answer")
    expect(page.locator("main")).to_contain_text("Travel desk 1")

    page.goto(address + "?version=2")
    page.get_by_label("Put a label on version 2").fill("production")
    page.get_by_role("button", name="Put", exact=True).click()
    page.get_by_role("button", name="Back to 1 production").click()
    expect(page.locator("main")).to_contain_text("production version 1")
    page.get_by_role("button", name="Remove", exact=True).click()
    page.locator("dialog[open]").get_by_role("button", name="Remove").click()
    expect(page.locator("#toasts")).to_contain_text("It is used by: Handbook guide")
    for view in VIEWS.values():
        shown = open_page("/", login="amina", **view)
        for path in (
            *("/prompts/", "/prompts/new/", "/agents/personalities/", "/agents/personalities/new/"),
            *("/agents/rules/", "/agents/rules/new/", address, f"{address}compare/", f"{address}versions/"),
        ):
            shown.goto(path if path.startswith("http") else f"{live.url()}{path}")
            assert violations(shown) == [], path
            assert not is_sideways(shown), path


def test_rule_written_on_the_page(live, open_page):
    page = open_page("/agents/rules/", login="amina")
    page.get_by_role("link", name="Financial adviser").click()
    expect(page.locator("main")).to_contain_text("No guaranteed returns")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Financial adviser, copy 1")
    page.get_by_role("textbox", name="Name").first.fill("Polite")
    page.get_by_label("Looks at").select_option(label="The answer")
    page.get_by_label("Then").select_option(label="Add this at the end")
    page.get_by_label("Words").fill("Thank you for asking.")
    assert violations(page) == []
    page.get_by_role("button", name="Add the rule").click()
    expect(page.locator("main")).to_contain_text("Thank you for asking.")
    page.get_by_role("button", name="Remove", exact=True).click()
    page.locator("dialog[open]").get_by_role("button", name="Remove").click()
    expect(page.locator("main")).not_to_contain_text("copy 1")
