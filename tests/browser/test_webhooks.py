"""A web address is told what happens, from its adding to a message that is sent again, and a connected service tells us: by pages alone."""

import json
import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.standin.places import Outside

pytestmark = pytest.mark.browser
GONE = """
from apps.core.tenancy import tenant_context
from apps.integrations.models import Connection, Webhook
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")): Webhook.objects.all().delete(); Connection.objects.all().delete()
"""


@pytest.fixture
def house(live):
    yield
    live.code(GONE)


def told(address, message, token):
    """Post as GitLab would, without a resolver that knows *.localhost; return the status."""
    url = httpx.URL(address)
    headers = {"X-Gitlab-Token": token, "Host": url.netloc.decode()}
    return httpx.post(url.copy_with(host="127.0.0.1"), json=message, headers=headers).status_code


def seen(page, path, live):
    for view in VIEWS.values():
        page.set_viewport_size(view.get("viewport", {"width": 1280, "height": 720}))
        page.emulate_media(color_scheme=view.get("color_scheme", "light"))
        page.goto(f"{live.url()}{path}")
        assert violations(page) == [], path
        assert not is_sideways(page), path


def test_from_adding_to_sending_again(live, open_page, house, receiver, console):
    receiver.status = 500
    page = open_page("/connections/", login="amina")
    page.get_by_role("link", name="Webhooks").click()
    expect(page.get_by_text("Nobody outside is told anything")).to_be_visible()
    page.get_by_role("link", name="Add a webhook").first.click()
    page.get_by_label("Name").fill("Desk")
    page.get_by_label("Web address").fill(f"http://127.0.0.1:{receiver.server_port}/in")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    console.clear()  # the form that was refused
    page.get_by_label("A run ends").check()
    page.get_by_role("button", name="Save").click()
    assert page.get_by_role("textbox", name="Signing secret").input_value().startswith("whsec_")
    assert violations(page) == []
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Send a trial").click()
    expect(page.get_by_text("A trial is on its way")).to_be_visible()
    sent = page.locator(".rows li", has_text="webhook.trial")
    for _ in range(20):
        page.reload()
        if sent.get_by_text("The receiver answered 500.").count():
            break
        page.wait_for_timeout(250)
    expect(sent.get_by_text("On its way")).to_be_visible()
    where = re.sub(r"^.*?//[^/]+", "", page.url)
    seen(page, where, live)
    seen(page, f"{where}edit/", live)
    seen(page, "/webhooks/", live)
    page.goto(f"{live.url()}{where}?state=dead")
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    page.get_by_role("button", name="New secret").click()
    page.get_by_role("dialog").get_by_role("button", name="New secret").click()
    expect(page.get_by_text("messages are signed with the former secret as well")).to_be_visible()
    page.goto(f"{live.url()}{where}")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("“Desk” is removed.")).to_be_visible()
    assert json.loads(receiver.got[0][1])["type"] == "webhook.trial"


def test_connected_service_tells(live, open_page, house):
    code = Outside()
    code.token = "glpat-of-the-tests"
    try:
        page = open_page("/connections/new/", login="amina")
        page.get_by_label("What it is").select_option("gitlab")
        page.get_by_label("Address of its OpenAPI document").fill(code.url)
        page.get_by_label("Signs in with").select_option("bearer")
        page.get_by_label("Secret", exact=True).fill(code.token)
        page.get_by_role("button", name="Read it").click()
        expect(page.get_by_text("It tells nothing.")).to_be_visible()
        where = re.sub(r"^.*?//[^/]+", "", page.url)
        page.get_by_role("button", name="Let it tell what happens").click()
        assert violations(page) == []
        address = page.get_by_role("textbox", name="Address").input_value()
        secret = page.get_by_role("textbox", name="Secret").input_value()
        page.get_by_role("link", name="I have copied it").click()
        expect(page.get_by_text("Not yet")).to_be_visible()
        push = {"object_kind": "push", "ref": "refs/heads/main", "after": "d1", "commits": []}
        assert told(address, push, "no") == 403
        assert told(address, push, secret) == 202
        page.reload()
        expect(page.get_by_text("it did not carry the secret")).to_be_visible()
        seen(page, where, live)
        page.goto(f"{live.url()}{where}")
        page.get_by_role("button", name="Listen no more").click()
        expect(page.get_by_text("It tells nothing.")).to_be_visible()
    finally:
        code.close()
