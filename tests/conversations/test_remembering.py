"""What an agent remembers of a long conversation: the last messages, and a summary of what was before them."""

import pytest

from apps.agents.models import Run
from apps.conversations import remembering
from apps.conversations.models import Conversation
from apps.conversations.remembering import EACH, RECALLED
from apps.conversations.services import answer_again, send_message, start_conversation
from apps.core.errors import TooManyRequests
from apps.tenants.options import REMEMBERED
from apps.tenants.services import set_option
from tests.conftest import client_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db
SUMMARY = "Mo asked about leave; it is 28 days."


def turn(asked):
    """Sum up when that is what the request is about; else answer with how many messages were read."""
    told = asked.body["messages"]
    return says(SUMMARY) if told[0]["content"].startswith("You sum up") else says(f"Read {len(told)}.")


@pytest.fixture
def talk(member, agent, admin_user, scripted, work_on):
    """Say something so many times, in one conversation; four messages are remembered as they are."""
    set_option(actor=admin_user, option=REMEMBERED, value=4)

    def say(times):
        for number in range(times):
            scripted.script(turn, turn)
            found = Conversation.objects.first()
            text = f"Question {Run.objects.filter(parent=None).count()}"
            if found is None:
                start_conversation(actor=member, agent=agent, text=text)
            else:
                send_message(actor=member, conversation=found, text=text)
            work_on()
        return Conversation.objects.get()

    return say


def asked_for_answers(scripted):
    found = [asked.body["messages"] for asked in scripted.asked]
    return [told for told in found if not told[0]["content"].startswith("You sum up")]


def test_short_conversation_is_remembered_whole(talk, scripted):
    conversation = talk(2)
    assert conversation.summary == "" and not Run.objects.filter(parent__isnull=False).exists()
    assert [m["content"] for m in asked_for_answers(scripted)[-1]][1:] == ["Question 0", "Read 2.", "Question 1"]


def test_long_one_goes_on_with_a_summary_and_what_came_after_it(talk, scripted, member):
    conversation = talk(5)  # ten messages: six before the last four
    assert conversation.summary == SUMMARY
    summed = Run.objects.get(parent__isnull=False)
    assert "Question 0" in summed.question and "Question 3" not in summed.question
    assert (summed.allowed_tools, summed.started_by, summed.parent.message.conversation) == ([], member, conversation)
    talk(1)
    told = [m["content"] for m in asked_for_answers(scripted)[-1]]
    assert told[1] == f"{RECALLED}\n{SUMMARY}" and told[2:] == [
        "Question 3",
        "Read 6.",
        "Question 4",
        "Read 6.",
        "Question 5",
    ]


def test_nothing_is_lost_between_two_summaries(talk, scripted):
    talk(5 + EACH // 2 - 1)
    told = [m["content"] for m in asked_for_answers(scripted)[-1]]
    assert [text for text in told if text.startswith("Question")] == [f"Question {n}" for n in range(3, 7)]
    conversation = talk(1)
    assert Run.objects.filter(parent__isnull=False).count() == 2
    latest = Run.objects.filter(parent__isnull=False).first()
    assert SUMMARY in latest.question and "Question 3" in latest.question and "Question 2" not in latest.question
    assert conversation.summary_until.text.startswith("Read")


def test_other_branch_is_not_told_the_summary_of_this_one(talk, scripted, member):
    conversation = talk(5)
    first = conversation.messages.get(text="Question 0")
    scripted.script(turn)
    send_message(actor=member, conversation=conversation, text="Something else", replaces=first)
    assert Run.objects.filter(parent=None).first().history == []


def test_summary_that_is_not_admitted_leaves_the_answer(talk, monkeypatch):
    def refuse(**fields):
        raise TooManyRequests("There is too much to do.", retry_after_s=1)

    monkeypatch.setattr(remembering, "open_run", refuse)
    conversation = talk(5)
    assert conversation.messages.last().text.startswith("Read") and conversation.summary == ""


def test_page_and_api_show_it(talk, member, acme):
    conversation = talk(5)
    assert SUMMARY in client_for(acme, member).get(f"/chat/{conversation.pk}/").content.decode()


def test_answer_again_reads_the_same(talk, scripted, member):
    conversation = talk(5)
    scripted.script(turn)
    answer_again(actor=member, conversation=conversation, message=conversation.messages.last())
    assert Run.objects.filter(parent=None).first().history[0]["text"].startswith(RECALLED)
