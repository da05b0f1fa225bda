"""An agent on another site: an administrator puts it there, visitors ask it in a frame, the site names one of them, and it is taken away."""

import os
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.browser.test_main_job import model_that
from tests.standin.server import says

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,"><title>Shop</title><main><h1>Our shop</h1><p>Parcels go out daily.</p></main>{script}</html>"""
POLICY = "default-src 'none'; img-src data:; script-src {origin}; frame-src {origin}"


@contextmanager
def another_site(live):
    """A site elsewhere, with a policy as strict as can be; `html` is its page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Security-Policy", POLICY.format(origin=live.url()))
            self.end_headers()
            self.wfile.write(self.server.html.encode())

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        server.html, server.origin = "", f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def site(live):
    with another_site(live) as server:
        yield server


def element(live, pk, identity=""):
    named = f' data-identity="{identity}"' if identity else ""
    script = f'<script src="{live.url()}/embed.js" data-widget="{pk}" data-label="Ask us"{named} defer></script>'
    return PAGE.format(script=script)


def look(page, name):
    if os.environ.get("LOOK_AT"):
        page.screenshot(path=f"{os.environ['LOOK_AT']}/widget-{name}.png")


def set_up(open_page, site):
    """Put the handbook's agent on the site, by page; return the page and the widget's id and secret."""
    page = open_page("/widgets/", login="amina")
    page.get_by_role("link", name="Put an agent on a site").first.click()
    page.get_by_label("Name", exact=True).fill("Shop")
    page.get_by_label("Agent", exact=True).select_option(label="Handbook guide")
    page.get_by_label("Sites", exact=True).fill(site.origin)
    page.get_by_role("group", name="What answers may rest on").get_by_role("checkbox").first.check()
    page.get_by_label("Greeting", exact=True).fill("Hello! What may we help you with?")
    for name, view in VIEWS.items():
        page.set_viewport_size(view.get("viewport", {"width": 1440, "height": 900}))
        page.emulate_media(color_scheme=view.get("color_scheme", "light"))
        assert violations(page) == [] and not is_sideways(page), name
    look(page, "edit")
    page.get_by_role("button", name="Save").click()
    secret = page.get_by_role("textbox", name="Signing secret").input_value()
    page.get_by_role("link", name="Go on").click()
    expect(page.get_by_text("Nobody has asked yet.")).to_be_visible()
    return page, page.url.rstrip("/").rpartition("/")[2], secret


def test_on_another_site(live, open_page, chromium, console, site):
    admin, pk, secret = set_up(open_page, site)
    live.secrets["widget's secret"] = secret
    site.html = element(live, pk)
    context = chromium.new_context()
    page = console.watch(context.new_page())
    page.goto(site.origin)
    assert violations(page) == []
    page.get_by_role("button", name="Ask us").click()
    chat = page.frame_locator("iframe")
    expect(chat.get_by_text("What may we help you with?")).to_be_visible()
    chat.get_by_label("Message", exact=True).fill("How many days of annual leave do I get?")
    page.keyboard.press("Enter")
    answer = chat.locator(".msg:not(.me)")
    expect(answer.locator(".prose")).to_contain_text("28 days", timeout=30_000)
    expect(answer).to_have_attribute("aria-busy", "false", timeout=30_000)
    answer.locator("a.cite").first.click()
    expect(answer.locator("[data-source]").first).to_be_focused()
    look(page, "site")
    for name, view in VIEWS.items():
        page.set_viewport_size(view.get("viewport", {"width": 1440, "height": 900}))
        page.emulate_media(color_scheme=view.get("color_scheme", "light"))
        assert violations(page) == [] and not is_sideways(page), name
        look(page, name)
    page.set_viewport_size({"width": 1280, "height": 800})

    words = [f"word{n} " for n in range(40)]
    with model_that(live, says("", tokens=words, delay_s=0.1)):
        chat.get_by_label("Message", exact=True).fill("Tell me more")
        chat.get_by_role("button", name="Send").click()
        expect(answer.nth(1).locator(".prose")).to_contain_text("word4", timeout=30_000)
        chat.locator("html").evaluate("() => dispatchEvent(new Event('offline'))")
        expect(chat.locator("#line")).to_contain_text("No connection")
        expect(chat.locator("#line")).to_be_hidden()
        page.reload()
        page.get_by_role("button", name="Ask us").click()
        expect(answer.nth(1).locator(".prose")).to_contain_text("word39", timeout=30_000)
        expect(answer.nth(1)).to_have_attribute("aria-busy", "false")
    assert chat.locator(".msg").count() == 4 and answer.nth(1).locator(".prose").inner_text().split() == [
        word.strip() for word in words
    ]
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Ask us")).to_be_visible()
    assert page.context.cookies() == []

    identity = jwt.encode({"sub": "kim", "name": "Kim Lee", "exp": int(time.time()) + 600}, secret, algorithm="HS256")
    site.html = element(live, pk, identity)
    named = console.watch(context.new_page())
    named.goto(site.origin)
    named.get_by_role("button", name="Ask us").click()
    chat = named.frame_locator("iframe")
    chat.get_by_label("Message", exact=True).fill("What is the daily meal allowance?")
    named.keyboard.press("Enter")
    expect(chat.locator(".msg:not(.me)")).to_have_attribute("aria-busy", "false", timeout=30_000)
    chat.get_by_role("button", name="New conversation").click()
    expect(chat.locator(".msg")).to_have_count(0)

    chat.get_by_label("Message", exact=True).fill("And in Lyon?")
    with named.expect_request("**/visit") as asked:
        named.keyboard.press("Enter")
    assert asked.value.post_data_json["identity"] == "" and asked.value.post_data_json["token"]  # signatures run out
    expect(chat.locator(".msg:not(.me)")).to_have_attribute("aria-busy", "false", timeout=30_000)

    site.html = element(live, pk)  # signed out: this browser is who it was before
    named.goto(site.origin)
    named.get_by_role("button", name="Ask us").click()
    expect(chat.locator(".msg")).to_have_count(4)
    expect(chat.get_by_text("meal allowance")).to_have_count(0)

    admin.reload()
    expect(admin.get_by_text("Kim Lee")).to_be_visible()
    assert violations(admin) == []
    look(admin, "detail")
    admin.get_by_role("button", name="Remove").click()
    admin.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(admin.get_by_text("“Shop” is removed.")).to_be_visible()
    context.close()


def test_other_sites_do_not_show_it(live, open_page, chromium, site):
    admin, pk, _secret = set_up(open_page, site)
    site.html = element(live, pk)
    context = chromium.new_context()
    page = context.new_page()
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(site.origin.replace("127.0.0.1", "localhost"))
    page.get_by_role("button", name="Ask us").click()
    page.wait_for_timeout(1_000)
    assert any("frame-ancestors" in text for text in told), told
    assert page.frame_locator("iframe").get_by_label("Message", exact=True).count() == 0
    context.close()
    admin.get_by_role("button", name="Remove").click()
    admin.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(admin.get_by_text("“Shop” is removed.")).to_be_visible()
