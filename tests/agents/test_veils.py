"""Personal details are covered before a model sees them, and are there again for people and tools."""

import pytest

from apps.agents.models import Run
from apps.agents.services import runs, tools
from apps.core.errors import InvalidInput
from apps.tenants.options import KEEP_ANSWERS, PERSONAL
from apps.tenants.services import set_option
from tests.agents.test_runs import finished
from tests.conftest import api_for, client_for
from tests.standin.server import calls, says

pytestmark = pytest.mark.django_db
QUESTION = "Write to jane@example.com and call +44 20 7946 0958, not jane@example.com again."
COVERED = "Write to [EMAIL_1] and call [PHONE_1], not [EMAIL_1] again."


@pytest.fixture
def covering(agent, admin_user):
    set_option(actor=admin_user, option=PERSONAL, value="cover")


def ask(member, agent, question=QUESTION):
    return runs.start_run(actor=member, agent=agent, question=question)


def test_model_sees_marks_and_people_see_details(covering, agent, member, scripted, work):
    scripted.script(says("I wrote to [EMAIL_1], as you said on [PHONE_1]."))
    run = ask(member, agent)
    work("agents")
    sent = scripted.asked[-1].body["messages"]
    assert sent[-1]["content"] == COVERED and "jane@" not in str(sent)
    assert finished(run).answer == "I wrote to jane@example.com, as you said on +44 20 7946 0958."
    assert run.events.get(kind="model").payload["covered"] == {"email": 1, "phone": 1}


def test_tools_get_details_and_what_they_return_is_covered(covering, agent, member, admin_user, scripted, work):
    tools.set_tools(actor=admin_user, agent=agent, wanted=[{"tool": "run_python"}])
    code = "{'to': '[EMAIL_1]', 'cc': 'bob' + chr(64) + 'example.org'}"
    scripted.script(calls("run_python", {"code": code}), says("Both: [EMAIL_1], [EMAIL_2]."))
    run = ask(member, agent)
    work("agents")
    result = run.events.get(kind="tool").payload["result"]
    assert "jane@example.com" in result and "bob@example.org" in result
    assert "@example" not in str(scripted.asked[-1].body["messages"])
    assert finished(run).answer == "Both: jane@example.com, bob@example.org."


def test_stream_never_shows_a_mark_that_was_cut(covering, agent, member, scripted, work, monkeypatch):
    from apps.agents import calls as wire

    shown = []

    async def publish(key, event):
        shown.append(event.data.get("d", ""))

    monkeypatch.setattr(wire.publisher, "publish", publish)
    monkeypatch.setattr(wire, "FLUSH_S", 0.0)
    scripted.script(says("To [EMAIL_1] and [EMAIL_1] and [PHONE_1].", delay_s=0.02))
    ask(member, agent)
    work("agents")
    text = "".join(shown)
    assert "jane@example.com and jane@example.com" in text and "EMAIL" not in text
    assert not any("EMA" in piece for piece in shown)


def test_instructions_are_covered_and_what_they_name_comes_back(covering, agent, member, scripted, work):
    agent.instructions = "Send complaints to desk@example.com."
    agent.save()
    scripted.script(says("Write to [EMAIL_1]."))
    run = ask(member, agent, "Where do I complain?")
    work("agents")
    assert "@" not in str(scripted.asked[-1].body["messages"])
    assert finished(run).answer == "Write to desk@example.com."


def test_history_keeps_its_marks(covering, agent, member, scripted, work):
    from apps.conversations.models import Conversation
    from apps.conversations.services import send_message, start_conversation

    scripted.script(says("Done, [EMAIL_1]."), says("Still [EMAIL_1]."))
    start_conversation(actor=member, agent=agent, text="I am jane@example.com.")
    work("agents")
    send_message(actor=member, conversation=Conversation.objects.get(), text="Who am I?")
    work("agents")
    assert "@" not in str(scripted.asked[-1].body["messages"])
    assert Run.objects.first().answer == "Still jane@example.com."


def test_kept_answer_is_kept_under_marks(covering, agent, member, admin_user, scripted, work):
    set_option(actor=admin_user, option=KEEP_ANSWERS, value=5)
    scripted.script(says("Hello [EMAIL_1]."))
    first = ask(member, agent, "I am jane@example.com.")
    work("agents")
    second = ask(member, agent, "I am bob@example.org.")
    work("agents")
    assert (finished(first).answer, finished(second).answer) == ("Hello jane@example.com.", "Hello bob@example.org.")
    assert len(scripted.asked) == 1


def test_question_with_details_is_refused_where_that_is_said(agent, member, admin_user, acme):
    set_option(actor=admin_user, option=PERSONAL, value="refuse")
    with pytest.raises(InvalidInput, match="e-mail addresses, phone numbers") as caught:
        ask(member, agent)
    assert caught.value.code == "personal_details" and not Run.objects.exists()
    sent = api_for(acme, member).post(f"/api/v1/agents/{agent.pk}/chat", {"text": QUESTION}, format="json")
    assert sent.status_code == 422 and sent.json()["type"].endswith("personal_details")
    assert ask(member, agent, "How many days?").pk


def test_agent_may_have_its_own(agent, member, admin_user, scripted, work, covering):
    runs.set_agent_option(actor=admin_user, agent=agent, option=PERSONAL, value="off")
    scripted.script(says("So."))
    ask(member, agent)
    work("agents")
    assert scripted.asked[-1].body["messages"][-1]["content"] == QUESTION


def test_it_is_chosen_on_the_page(acme, admin_user, in_acme):
    site = client_for(acme, admin_user)
    assert "Covered before a model sees them" in site.get("/settings/").content.decode()
    site.post("/settings/", {"key": PERSONAL.key, "value": "cover"})
    assert '<option value="cover" selected>' in site.get("/settings/").content.decode()
    assert site.post("/settings/", {"key": PERSONAL.key, "value": "maybe"}).status_code == 422
