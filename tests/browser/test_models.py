"""An administrator connects a provider, sees what an answer cost, sets a budget; somebody runs into it and asks for more."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import CHAT, ask
from tests.standin.server import StandIn, fails, says

pytestmark = pytest.mark.browser
PUT_BACK = """
from apps.core.tenancy import tenant_context
from apps.providers.models import *
from apps.tenants.hosts import tenant_for_slug
from apps.usage.models import *
with tenant_context(tenant_for_slug("acme")):
    Budget.objects.all().delete()
    ProviderModel.objects.filter(is_default=True).update(is_default=False)
    ProviderModel.objects.filter(name="extractive").update(is_default=True)
    Provider.objects.filter(name="OpenAI").delete()
"""


@pytest.fixture
def put_back(live):
    """Leave the instance as it was for the tests that follow, however this one ends."""
    yield
    live.code(PUT_BACK)


def test_from_a_key_to_a_budget_that_stops(live, open_page, put_back):
    with StandIn() as vendor:
        page = open_page("/models/", login="amina")
        page.get_by_role("link", name="OpenAI", exact=True).click()
        page.fill("#id_base_url", vendor.url)
        page.fill("#id_api_key", "sk-browser")
        page.get_by_role("button", name="Save").click()
        vendor.script(fails(401))
        page.get_by_role("button", name="Test connection").click()
        expect(page.locator("#trial")).to_contain_text("did not accept the key")
        vendor.script(says("ready"))
        page.get_by_role("button", name="Test connection").click()
        expect(page.locator("#trial")).to_contain_text("The connection works")
        page.get_by_role("link", name="Fetch the list").click()
        page.get_by_role("button", name=re.compile("Add.*scripted-large")).click()
        page.get_by_role("link", name="scripted-large").click()
        page.get_by_label("Answers for agents that name no model").check()
        page.get_by_role("button", name="Save").click()
        page.goto(f"{live.url()}/usage/prices/")
        priced = page.get_by_role("region", name="scripted-large OpenAI")
        priced.get_by_placeholder("In", exact=True).fill("0")
        priced.get_by_placeholder("Out", exact=True).fill("1000")
        priced.get_by_role("button", name=re.compile("^Set")).click()
        expect(page.locator("main")).to_contain_text("Your own price")

        vendor.script(says("Five words make this answer."))
        page.goto(f"{live.url()}/chat/new/")
        ask(page, "What does this cost?")
        page.wait_for_url(CHAT)
        expect(page.locator(".msg[data-open=no]")).to_contain_text("Five words", timeout=15_000)
        page.goto(f"{live.url()}/usage/?by=model")
        expect(page.locator("main")).to_contain_text("US$ 0.0050")
        expect(page.locator("svg.chart rect")).to_have_count(1)

        page.goto(f"{live.url()}/usage/budgets/")
        page.fill("#id_name", "Browser")
        page.fill("#id_limit", "1")
        page.get_by_role("button", name="Set the budget").click()
        expect(page.locator("main")).to_contain_text("US$ 0.00 of US$ 1.00 spent")
        page.goto(f"{live.url()}/chat/new/")
        ask(page, "And once more?")
        page.wait_for_url(CHAT)
        expect(page.locator(".msg[data-open=no]")).to_contain_text("The budget “Browser” is spent", timeout=15_000)
        page.get_by_role("link", name="Ask for more").click()
        page.locator("summary", has_text="Ask for more").click()
        page.get_by_label("What do you need it for?").fill("The tender is due")
        page.get_by_role("button", name=re.compile("^Ask Browser")).click()
        page.goto(f"{live.url()}/usage/budgets/")
        expect(page.locator("main")).to_contain_text("The tender is due")
        page.get_by_role("spinbutton", name="Add to this period").fill("20")
        page.get_by_role("button", name=re.compile("^Add")).click()
        expect(page.locator("main")).to_contain_text("of US$ 21.00 spent")
        page.goto(f"{live.url()}/chat/new/")
        ask(page, "And now?")
        page.wait_for_url(CHAT)
        expect(page.locator(".msg[data-open=no]")).to_contain_text("Five words", timeout=15_000)
