"""The main job in a real browser: sign in, upload, ask, watch the answer come, open its source, see the run."""

import re
import time
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.browser.looks import violations
from tests.knowledge.samples import pdf
from tests.live import PASSWORD, wait_for
from tests.standin.server import StandIn, says, search_then_say

pytestmark = pytest.mark.browser
CHAT = re.compile(r"/chat/[0-9a-f-]{36}/")


@contextmanager
def model_that(live, turn):
    """Let every agent ask a model that answers each request with this turn."""
    with StandIn() as server:
        server.script(turn)
        live.use_model(server.url)
        yield server
        live.sql("UPDATE agents_agent SET model_id = NULL", schema="t_acme")


@pytest.fixture
def slow_model(live):
    """A model that writes forty words, one every 60 ms, in five paragraphs."""
    words = [f"word{n} " if n % 8 else f"\n\nParagraph{n} " for n in range(40)]
    with model_that(live, says("", tokens=words, delay_s=0.06)) as server:
        yield server


@pytest.fixture
def citing_model(live):
    """A model that cites a source at once and writes for two seconds more."""
    words = ["You get 28 days [1].\n\n", *(f"word{n} " for n in range(32))]
    with model_that(live, search_then_say("", tokens=words, delay_s=0.06)) as server:
        yield server


def ask(page, text):
    page.fill("#msg", text)
    page.keyboard.press("Enter")


def test_wrong_password_keeps_the_address(live, open_page):
    page = open_page("/accounts/login/", signed_in=False)
    page.fill("#id_login", "jonas@acme.example")
    page.fill("#id_password", "wrong")
    page.click("main button[type=submit]")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#id_login")).to_have_value("jonas@acme.example")


def test_sign_in_comes_back_to_the_page_asked_for(live, open_page):
    page = open_page("/knowledge/", signed_in=False)
    page.fill("#id_login", "jonas@acme.example")
    page.fill("#id_password", PASSWORD)
    page.click("main button[type=submit]")
    expect(page).to_have_url(f"{live.url()}/knowledge/")


def test_from_upload_to_cited_answer(live, open_page):
    page = open_page("/knowledge/")
    page.get_by_role("link", name="Company documents").click()
    files = [
        {
            "name": "Canteen.pdf",
            "mimeType": "application/pdf",
            "buffer": pdf(("Canteen", "The canteen opens at 11:45 and closes at 14:15.")),
        },
        {"name": "Parking.md", "mimeType": "text/markdown", "buffer": b"# Parking\n\nVisitors park on deck four.\n"},
        {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 broken"},
    ]
    page.set_input_files("#up", files)
    expect(page.locator("#documents")).to_contain_text("Parking.md", timeout=30_000)
    expect(page.locator("#reading")).to_contain_text("damaged", timeout=30_000)
    expect(page.locator("#reading").get_by_role("button", name="Try again")).to_be_visible()
    page.locator("#reading").get_by_role("button", name="Remove broken.pdf").click()
    expect(page.locator("#reading")).not_to_contain_text("broken.pdf")
    page.goto(f"{live.url()}/")
    page.fill("#ask", "When does the canteen open?")
    page.keyboard.press("Enter")
    page.wait_for_url(CHAT)
    answer = page.locator(".msg[data-run]")
    expect(answer.locator(".prose")).to_contain_text("The canteen opens at 11:45", timeout=20_000)
    answer.locator("a.cite").first.click()
    source = page.locator("#sources .src.on")
    expect(source).to_contain_text("Canteen.pdf")
    expect(source).to_contain_text("Page 1")
    expect(source.locator("mark")).to_contain_text("opens at 11:45")
    source.get_by_role("link").click()
    expect(page.locator("#wanted mark")).to_contain_text("The canteen opens at 11:45")
    sheet = page.get_by_role("img", name="Page 1 of Canteen.pdf, with the passage marked")
    expect(sheet).to_be_visible()
    wait_for(lambda: sheet.evaluate("image => image.naturalWidth") == 1240)
    assert violations(page) == []
    page.go_back()
    page.locator(".msg[data-run]").get_by_role("link", name="See the run").click()
    expect(page.locator(".span")).to_have_count(3)
    page.locator(".span", has_text="Searched the documents").click()
    expect(page.locator("#detail")).to_contain_text("When does the canteen open?")


def test_answer_streams_and_finished_blocks_stay(live, open_page, slow_model):
    page = open_page("/chat/new/")
    ask(page, "Tell me a story")
    page.wait_for_url(CHAT)
    live_answer = page.locator(".msg[data-open=yes]")
    expect(live_answer.locator(".blk").first).to_contain_text("word1")
    first = live_answer.locator(".blk").first.element_handle()
    expect(page.locator(".msg[data-run] .prose")).to_contain_text("word39", timeout=15_000)
    assert first.evaluate("node => node.isConnected")
    expect(page.locator(".msg[data-run]")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#say")).to_contain_text("40 words")


def test_source_chosen_while_the_answer_is_written_stays_chosen(open_page, citing_model):
    page = open_page("/chat/new/")
    ask(page, "How many days of annual leave do I get?")
    page.wait_for_url(CHAT)
    page.locator(".msg[data-open=yes] a.cite").first.click()
    expect(page.locator("#sources .src.on")).to_have_count(1)
    expect(page.locator(".msg[data-open=no] .prose")).to_contain_text("word31", timeout=15_000)
    expect(page.locator("#sources .src.on mark")).to_be_visible()
    expect(page.locator(".msg[data-run] a.cite.on")).to_have_count(1)


def test_stop_keeps_what_came(open_page, slow_model):
    page = open_page("/chat/new/")
    ask(page, "Tell me a story")
    page.wait_for_url(CHAT)
    expect(page.locator(".msg[data-open=yes] .prose")).to_contain_text("word5", timeout=30_000)
    page.keyboard.press("Escape")
    expect(page.locator(".msg[data-run]")).to_have_attribute("aria-busy", "false", timeout=5_000)
    expect(page.locator(".msg[data-run] .end")).to_contain_text("Stopped by you")
    expect(page.locator(".msg[data-run] .prose")).to_contain_text("word5")
    expect(page.locator(".msg[data-run] .prose")).not_to_contain_text("word39")


def test_next_message_waits_in_the_queue(open_page, slow_model):
    page = open_page("/chat/new/")
    ask(page, "First")
    page.wait_for_url(CHAT)
    expect(page.locator(".msg[data-open=yes]")).to_be_visible()
    ask(page, "Second")
    expect(page.locator("#queue")).to_contain_text("Second")
    expect(page.locator(".msg.me")).to_have_count(2, timeout=15_000)
    expect(page.locator(".msg.me").last).to_contain_text("Second")
    expect(page.locator("#queue")).to_be_hidden()
    expect(page.locator(".msg[data-open=yes]")).to_have_count(0, timeout=15_000)


def test_cut_connection_resumes_without_loss(live, open_page, slow_model, console):
    page = open_page("/chat/new/")
    ask(page, "Tell me a story")
    page.wait_for_url(CHAT)
    expect(page.locator(".msg[data-open=yes] .prose")).to_contain_text("word4", timeout=30_000)
    page.context.set_offline(True)
    live.kill("web")
    expect(page.locator("#line")).to_contain_text("No connection", timeout=10_000)
    page.context.set_offline(False)
    expect(page.locator(".msg[data-run] .prose")).to_contain_text("word39", timeout=40_000)
    expect(page.locator(".msg[data-run]")).to_have_attribute("aria-busy", "false")
    words = page.locator(".msg[data-run] .prose").inner_text().split()
    assert words == [f"word{n}" if n % 8 else f"Paragraph{n}" for n in range(40)]
    console.clear()


def test_two_tabs_agree(live, open_page, slow_model):
    one = open_page("/chat/new/")
    ask(one, "First")
    one.wait_for_url(CHAT)
    two = one.context.new_page()
    two.goto(one.url)
    expect(two.locator(".msg[data-run] .prose")).to_contain_text("word39", timeout=15_000)
    ask(two, "Second from the other tab")
    expect(one.locator(".msg.me").last).to_contain_text("Second from the other tab", timeout=10_000)
    for tab in (one, two):
        expect(tab.locator(".msg[data-run]").nth(1).locator(".prose")).to_contain_text("word39", timeout=15_000)
    assert one.locator("#msgs .prose").all_inner_texts() == two.locator("#msgs .prose").all_inner_texts()


def test_without_script_the_form_posts_and_the_answer_appears(live, open_page):
    page = open_page("/", java_script_enabled=False)
    page.fill("#ask", "How many days of annual leave do I get?")
    page.keyboard.press("Enter")
    page.wait_for_url(CHAT)
    for _ in range(20):
        if page.locator(".msg[data-run] .prose").inner_text():
            break
        time.sleep(0.5)
        page.reload()
    expect(page.locator(".msg[data-run] .prose")).to_contain_text("28 days")
    page.fill("#msg", "What is the daily meal allowance?")
    page.locator("#send").click()
    expect(page.locator(".msg.me")).to_have_count(2)


def test_theme_and_language_are_kept(live, open_page):
    page = open_page("/")
    page.get_by_role("button", name="Switch theme").first.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.wait_for_timeout(300)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Deutsch").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", name="Zuletzt")).to_be_visible()
    page.get_by_role("button", name="Konto").click()
    page.get_by_role("button", name="English").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_palette_finds_and_goes(live, open_page):
    page = open_page("/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette [role=option]").first).to_be_visible()
    page.keyboard.type("know")
    expect(page.locator("#palette [role=option][aria-selected=true]")).to_contain_text("Knowledge")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live.url()}/knowledge/")


def test_other_tenant_sees_nothing(live, open_page, console):
    page = open_page("/chat/new/")
    ask(page, "How many days of annual leave do I get?")
    page.wait_for_url(CHAT)
    path = page.url.removeprefix(live.url())
    stranger = open_page("/", slug="globex")
    answer = stranger.goto(f"{live.url('globex')}{path}")
    assert answer.status == 404
    assert "annual leave" not in stranger.locator("main").inner_text()
    console.clear()


def test_edit_and_walk_between_versions_in_two_tabs(live, open_page):
    page = open_page("/chat/new/")
    ask(page, "How many days of annual leave?")
    page.wait_for_url(CHAT)
    expect(page.locator(".msg[data-open=no] .end .acts")).to_be_visible(timeout=20_000)
    other = open_page(page.url.removeprefix(live.url()))
    page.locator(".msg.me").hover()
    page.get_by_role("link", name="Edit").click()
    area = page.locator(".bubble textarea")
    expect(area).to_have_value("How many days of annual leave?")
    area.fill("Who approves remote work?")
    page.keyboard.press("Control+Enter")
    for tab in (page, other):
        expect(tab.locator(".msg.me .bubble")).to_have_text("Who approves remote work?", timeout=20_000)
        expect(tab.locator(".msg.me")).to_contain_text("2 / 2")
        expect(tab.locator(".msg")).to_have_count(2)
        expect(tab.locator(".msg[data-open=no] .prose")).not_to_be_empty(timeout=20_000)
    other.locator(".msg.me").hover()
    other.get_by_role("button", name="Former version").first.click()
    for tab in (page, other):
        expect(tab.locator(".msg.me .bubble")).to_have_text("How many days of annual leave?")
        expect(tab.locator(".msg.me")).to_contain_text("1 / 2")
    page.get_by_role("button", name="Answer again").click()
    expect(page.locator(".msg[data-open=no]")).to_contain_text("2 / 2", timeout=20_000)
    expect(page.locator(".msg")).to_have_count(2)


def test_edit_without_script(live, open_page):
    page = open_page("/chat/new/", java_script_enabled=False)
    page.fill("#msg", "How many days of annual leave?")
    page.click("#send")
    expect(page.locator(".prose")).not_to_be_empty(timeout=20_000)
    page.locator(".msg.me").hover()
    page.get_by_role("link", name="Edit").click()
    page.fill("#edited", "Who approves remote work?")
    page.get_by_role("button", name="Send").last.click()
    page.wait_for_url(CHAT)
    expect(page.locator(".msg.me .bubble")).to_have_text("Who approves remote work?")
