"""An organisation gets a colour and a logo of its own: seen by everybody, readable in light, dark and on a phone."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser


@pytest.fixture
def standard(live):
    """Take the looks away again."""
    yield
    live.sql("UPDATE tenants_tenant SET accent = '', logo_digest = '', mail_sender = '' WHERE slug = 'acme'")


@pytest.mark.usefixtures("standard")
def test_a_colour_and_a_logo_are_chosen_and_seen(open_page, console):
    logo = io.BytesIO()
    Image.new("RGB", (300, 120), "#8a1c4a").save(logo, "PNG")
    page = open_page("/settings/", login="amina")
    page.get_by_role("link", name="Looks").click()
    page.get_by_label("Colour").fill("#ffdd00")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".err")).to_contain_text("would do")
    page.get_by_label("Colour").fill("#8a1c4a")
    page.get_by_label("Logo", exact=True).set_input_files(
        {"name": "l.png", "mimeType": "image/png", "buffer": logo.getvalue()}
    )
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Everybody sees it so")
    expect(page.get_by_role("button", name="Save")).to_have_css("background-color", "rgb(138, 28, 74)")
    for view in VIEWS.values():
        for path, login in (("/settings/looks/", "amina"), ("/", "jonas"), ("/chat/new/", "jonas")):
            seen = open_page(path, login=login, **view)
            expect(seen.locator("img.mark").first).to_have_js_property("complete", True)
            assert violations(seen) == [] and not is_sideways(seen)
    entrance = open_page("/accounts/login/", signed_in=False)
    expect(entrance.locator("img.mark.logo")).to_be_visible()
    assert violations(entrance) == []
    page.get_by_role("button", name="Remove the logo").click()
    page.get_by_role("button", name="Standard colour").click()
    expect(page.get_by_role("button", name="Save")).to_have_css("background-color", "rgb(11, 99, 119)")
    assert [line for line in console if "422" not in line] == []
    console.clear()
