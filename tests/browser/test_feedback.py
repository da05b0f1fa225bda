"""An answer is called bad, with what would have been right; the question reaches the agent's page and the collection's measurements."""

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations

pytestmark = pytest.mark.browser
QUESTION = "How many days of leave do trainees get?"


def ask(live, page, question=QUESTION):
    page.goto(f"{live.url()}/chat/new/")
    page.fill("#msg", question)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/chat/*-*/")
    expect(page.get_by_role("button", name="Good answer")).to_be_visible(timeout=20_000)


def test_feedback_from_the_answer_to_the_measurement(live, open_page):
    page = open_page()
    ask(live, page)
    good, bad = page.get_by_role("button", name="Good answer"), page.get_by_role("button", name="Bad answer")
    good.press("Enter")
    expect(good).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("Thank you.")).to_be_visible()
    bad.press("Enter")
    expect(bad).to_have_attribute("aria-pressed", "true")
    expect(good).to_have_attribute("aria-pressed", "false")
    page.get_by_label("Why?").fill("It is about staff.")
    page.get_by_label("What would have been right?").fill("Trainees get 30 days.")
    page.get_by_role("button", name="Save what you say").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert violations(page) == []
    page.reload()
    expect(page.get_by_label("What would have been right?")).to_have_value("Trainees get 30 days.")

    admin = open_page("/agents/", login="amina")
    newest = "SELECT agent_id FROM conversations_conversation ORDER BY updated_at DESC LIMIT 1"
    agent = live.sql(newest, schema="t_acme")[0][0]
    admin.goto(f"{live.url()}/agents/{agent}/feedback/")
    expect(admin.get_by_text("Trainees get 30 days.")).to_be_visible()
    base = live.sql("SELECT knowledge_base_id FROM knowledge_question WHERE text = %s", QUESTION, schema="t_acme")[0][0]
    admin.goto(f"{live.url()}/knowledge/{base}/questions/")
    row = admin.get_by_role("listitem").filter(has_text=QUESTION)
    row.get_by_label("In a passage with these words").fill("28 days")
    row.get_by_role(
        "button", name="Add the question"
    ).click()  # without a document: the browser asks for it, and nothing is lost
    expect(row.get_by_label("In a passage with these words")).to_have_value("28 days")
    row.get_by_label("Answered by the document").select_option(index=1)
    row.get_by_role("button", name="Add the question").click()
    expect(admin.get_by_text("The question is added.")).to_be_visible()
    expect(admin.get_by_role("heading", name="Proposed from feedback")).to_have_count(0)

    bad.press("Enter")
    expect(bad).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("Thank you.")).to_have_count(0)


@pytest.mark.parametrize("view", VIEWS)
def test_pages_look_right_everywhere(live, open_page, view):
    page = open_page(login="amina", **VIEWS[view])
    question = f"How many days of leave, seen in {view}?"
    ask(live, page, question)
    page.get_by_role("button", name="Bad answer").press("Enter")
    expect(page.get_by_text("Thank you.")).to_be_visible()
    assert violations(page) == [] and not is_sideways(page)
    agent, base = live.sql(
        "SELECT c.agent_id, q.knowledge_base_id FROM conversations_conversation c JOIN knowledge_question q"
        " ON q.text = c.title WHERE q.text = %s",
        question,
        schema="t_acme",
    )[0]
    for address in (f"/agents/{agent}/feedback/", f"/knowledge/{base}/questions/"):
        page.goto(live.url() + address)
        expect(page.locator("main strong").filter(has_text=question)).to_be_visible()
        assert violations(page) == [] and not is_sideways(page)
