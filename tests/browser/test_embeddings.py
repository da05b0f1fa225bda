"""A collection is found by a provider's model: added from the list, chosen, embedded anew, asked; and what is kept in caches."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.standin.server import StandIn

pytestmark = pytest.mark.browser
PUT_BACK = """
from apps.core.tenancy import tenant_context
from apps.accounts.models import User
from apps.knowledge.models import *
from apps.knowledge.services import choose_model
from apps.providers.models import *
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    amina = User.objects.get(email="amina@acme.example")
    for base in KnowledgeBase.objects.exclude(embedding_model=None): choose_model(actor=amina, knowledge_base=base, model=None)
"""
REMOVE = """
from apps.core.tenancy import tenant_context
from apps.providers.models import *
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")): Provider.objects.filter(name="OpenAI-compatible server").delete()
"""


def test_collection_changes_its_model(live, open_page):
    with StandIn() as vendor:
        page = open_page("/models/new/?kind=openai_compatible", login="amina")
        page.fill("#id_base_url", vendor.url)
        page.get_by_role("button", name="Save").click()
        page.get_by_role("link", name="Fetch the list").click()
        page.get_by_role("button", name="Add scripted-embed").click()
        expect(page.locator("main")).to_contain_text("finds by meaning, 768 numbers a vector")
        assert violations(page) == []
        page.get_by_role("button", name="Test connection").click()
        expect(page.locator("#trial")).to_contain_text("The connection works")

        page.goto(f"{live.url()}/knowledge/")
        page.get_by_role("link", name="Company documents").click()
        page.get_by_label("Model", exact=True).select_option(label="OpenAI-compatible server: scripted-embed")
        page.get_by_role("button", name="Change the model").click()
        section = page.locator("#model")
        expect(section.locator(".badge")).to_contain_text("scripted-embed", timeout=30_000)
        expect(section.get_by_role("button", name="Change the model")).to_be_visible()
        assert violations(page) == []
        page.get_by_placeholder("What would somebody ask?").fill("How many days of annual leave?")
        page.get_by_role("button", name="Find passages").click()
        expect(page.locator("main ol.rows li").first).to_contain_text(re.compile("leave", re.IGNORECASE))
        assert any("annual leave" in text for _model, texts in vendor.embedded for text in texts)

        page.goto(f"{live.url()}/settings/")
        page.get_by_role("link", name="Caches").click()
        row = page.get_by_role("listitem").filter(has_text="What a search found")
        expect(row).to_contain_text("asked")
        row.get_by_role("button", name=re.compile("^Empty")).click()
        expect(page.locator("#toasts")).to_contain_text("It is read anew from now on.")
        for view in VIEWS.values():
            shown = open_page("/settings/caches/", login="amina", **view)
            assert violations(shown) == [] and not is_sideways(shown)
        live.code(PUT_BACK)
        page.goto(f"{live.url()}/knowledge/")
        page.get_by_role("link", name="Company documents").click()
        expect(page.locator("#model .badge")).to_have_text("The built-in model", timeout=30_000)
        live.code(REMOVE)
