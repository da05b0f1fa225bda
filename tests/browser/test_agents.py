"""An agent made on its page; a form from the card of its agent to the result beside it, with what it will cost told before."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.standin.server import StandIn, says

pytestmark = pytest.mark.browser
PRICED = """
from apps.agents.models import Agent
from apps.core.tenancy import tenant_context
from apps.providers.models import ProviderModel
from apps.tenants.hosts import tenant_for_slug
from apps.usage.models import Price
with tenant_context(tenant_for_slug("acme")):
    model = ProviderModel.objects.get(provider__name="Stand-in")
    Price.objects.create(model=model, input=100, output=400)
    Agent.objects.filter(name="Policy brief").update(model=model)
"""
AWAY = """
from apps.agents.models import Agent
from apps.core.tenancy import tenant_context
from apps.providers.models import Provider
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    Agent.objects.update(model=None)
    Provider.objects.filter(name="Stand-in").delete()
"""


@pytest.fixture
def vendor(live):
    """The agent with the form on a model of the stand-in that has a price; put back in the end."""
    with StandIn() as server:
        live.use_model(server.url)
        live.code(PRICED)
        yield server
    live.code(AWAY)


def test_built_in_model_answers_a_form_with_sources(live, open_page):
    page = open_page("/agents/", login="jonas")
    page.get_by_role("link", name="Fill in the form Policy brief").click()
    expect(page.locator("#forecast")).to_contain_text("Free")
    page.get_by_label("topic").fill("annual leave")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(re.compile(r"\?run="))
    expect(page.locator("#result .doc")).to_contain_text("28 days", timeout=20_000)
    expect(page.locator("#result .src").first).to_be_visible()
    assert page.get_by_label("topic").input_value() == "annual leave"
    page.get_by_role("button", name="Earlier runs").click()
    expect(page.locator("#earlier")).to_contain_text("Policy brief: annual leave")


def test_price_follows_what_is_typed_and_the_result_comes_by_itself(live, open_page, vendor):
    vendor.script(says("# Leave\n\nStaff have **28 days**."))
    page = open_page("/agents/", login="amina")
    page.get_by_role("link", name="Fill in the form Policy brief").click()
    price = page.locator("#forecast strong")
    expect(price).to_contain_text("US$")
    before = price.inner_text()
    page.get_by_label("topic").fill("leave of all kinds " * 20)
    expect(price).not_to_have_text(before)
    page.get_by_label("topic").fill("leave")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#result .doc strong")).to_have_text("28 days", timeout=20_000)
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    page.get_by_role("link", name="See the run").click()
    expect(page.locator("main")).to_contain_text("Filled in")
    page.get_by_role("link", name="Open the form").click()
    assert page.get_by_label("topic").input_value() == "leave"


def test_pages_are_clean(live, open_page, console):
    for view in VIEWS.values():
        page = open_page("/agents/", login="amina", **view)
        assert violations(page) == []
        page.get_by_role("link", name="Fill in the form Policy brief").click()
        assert violations(page) == [] and not is_sideways(page)
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator(".err")).to_contain_text("Fill in")
        assert violations(page) == [] and not is_sideways(page)
        page.get_by_label("topic").fill("sick leave")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#result .doc")).to_be_visible(timeout=20_000)
        assert violations(page) == [] and not is_sideways(page)
    console[:] = [line for line in console if "status of 422" not in line]  # the form that was refused


def test_agent_made_on_the_page_is_asked(live, open_page):
    page = open_page("/agents/", login="amina")
    page.get_by_role("link", name="Make an agent").click()
    page.fill("#id_name", "Travel desk")
    page.get_by_label("Company documents").check()
    page.fill("#id_starters", "Which travel expenses are paid back?")
    page.get_by_role("button", name="Make", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("can be asked now")
    page.goto(f"{live.url()}/agents/")
    page.get_by_role("link", name="Travel desk", exact=True).click()
    page.get_by_role("button", name="Which travel expenses are paid back?").click()
    page.wait_for_url(re.compile("/chat/[0-9a-f-]{36}/"))
    expect(page.locator(".msg[data-open=no] .prose")).to_contain_text("paid back", timeout=20_000)
    page.goto(f"{live.url()}/agents/")
    page.get_by_role("link", name="Change Travel desk").click()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Switch on")).to_be_visible()
    for view in VIEWS.values():
        shown = open_page("/agents/new/", login="amina", **view)
        for path in (f"{live.url()}/agents/new/", page.url, f"{live.url()}/agents/"):
            shown.goto(path)
            assert violations(shown) == [], path
            assert not is_sideways(shown), path


def test_draft_is_tried_beside_the_form_and_published(live, open_page):
    page = open_page("/agents/", login="amina")
    page.get_by_role("link", name="How it answers Handbook guide").click()
    page.get_by_role("link", name="Versions").click()
    page.get_by_role("button", name="Work on a draft").click()
    page.get_by_label("Instructions").fill("You answer questions of staff.\nBe brief.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("The draft is saved")
    page.locator("#try-q").fill("How many days of annual leave do I get?")
    page.locator("#try").get_by_role("button", name="Ask").click()
    expect(page.locator("#try-out .prose")).to_contain_text("28 days", timeout=20_000)
    page.locator("#try-q").fill("What do I do when I am sick?")
    page.wait_for_timeout(1500)
    assert page.locator("#try-q").input_value() == "What do I do when I am sick?", "what is typed meanwhile stays"
    draft = page.url
    page.get_by_role("link", name="Compare and publish").click()
    expect(page.locator("ins").first).to_contain_text("You answer questions of staff.")
    compared = page.url
    for view in VIEWS.values():
        shown = open_page("/agents/", login="amina", **view)
        for path in (compared, draft, draft.replace("behaviour", "try"), compared.replace("compare/", "")):
            shown.goto(path)
            assert violations(shown) == [], path
            assert not is_sideways(shown), path
    page.get_by_label("What is new, in a few words").fill("Shorter")
    page.get_by_role("button", name="Publish the draft").click()
    expect(page.locator("li", has_text="Shorter")).to_contain_text("In use")
    page.get_by_role("button", name="Back to this 1").click()
    expect(page.locator("#toasts")).to_contain_text("as it was in version 1")


def test_tool_is_written_tried_and_given(live, open_page, console):
    page = open_page("/agents/", login="amina")
    page.get_by_role("link", name="Tools Handbook guide").click()
    page.get_by_role("link", name="Python tools").click()
    page.get_by_role("link", name="Write a tool").first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#try-out")).to_contain_text('"gross": 119.0')
    page.get_by_label("Code").fill("import os")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#try-out")).to_contain_text("Line 1: os cannot be imported")
    console[:] = [line for line in console if "status of 422" not in line]  # the code that was refused
    page.get_by_label("Name for the model").fill("vowels")
    page.get_by_label("Code").fill(
        'def run(text: str) -> int:\n    """Count vowels."""\n    return sum(c in "aeiou" for c in text)'
    )
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("is saved")
    edited = page.url
    for view in VIEWS.values():
        shown = open_page("/agents/python/", login="amina", **view)
        for path in (edited, f"{live.url()}/agents/python/"):
            shown.goto(path)
            assert violations(shown) == [], path
            assert not is_sideways(shown), path
    page.goto(f"{live.url()}/agents/")
    page.get_by_role("link", name="Tools Handbook guide").click()
    expect(page.locator(".tool", has_text="Count vowels.")).to_be_visible()
    page.goto(f"{live.url()}/agents/python/")
    page.get_by_role("button", name="Remove vowels").click()
    expect(page.get_by_text("Nobody has written one so far")).to_be_visible()


def test_what_agents_remember_is_seen_and_forgotten(live, open_page):
    page = open_page("/", login="jonas")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("link", name="What agents remember about you").click()
    page.get_by_label("Something that agents should know about you").fill("I work in the depot in Lyon.")
    page.get_by_role("button", name="Write it down").click()
    page.get_by_label("Fact", exact=True).fill("I work in the depot in Nantes.")
    page.get_by_role("button", name=re.compile("^Save")).click()
    expect(page.locator("#toasts")).to_contain_text("from now on")
    expect(page.get_by_label("Fact", exact=True)).to_have_value("I work in the depot in Nantes.")
    for view in VIEWS.values():
        shown = open_page("/memory/", login="jonas", **view)
        assert violations(shown) == [] and not is_sideways(shown)
    page.get_by_role("button", name="Forget everything").click()
    page.get_by_role("button", name="Forget", exact=True).last.click()
    expect(page.get_by_text("Nothing so far")).to_be_visible()
