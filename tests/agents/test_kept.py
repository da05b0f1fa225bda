"""Answers that are kept: only where an agent asks for it, only for the very same question, and they cost nothing."""

import pytest

from apps.agents import kept
from apps.agents.services import runs as services
from apps.providers.types import ChatMessage, ChatRequest, Image
from apps.tenants.options import KEEP_ANSWERS
from apps.usage.models import Budget, BudgetPeriod, Price, UsageRecord
from tests.agents.test_runs import finished
from tests.conftest import client_for
from tests.standin.server import calls, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeping(agent, admin_user, scripted):
    """The agent keeps answers for an hour; a token costs 10 cents."""
    services.set_agent_option(actor=admin_user, agent=agent, option=KEEP_ANSWERS, value=1)
    Price.objects.create(model=agent.model, input=0, output=100_000)
    return scripted


def ask(member, agent, work, question="How are you?"):
    run = services.start_run(actor=member, agent=agent, question=question)
    work("agents")
    return finished(run)


def test_off_unless_somebody_asks_for_it(member, agent, scripted, work):
    scripted.script(says("First."), says("Second."))
    assert [ask(member, agent, work).answer, ask(member, agent, work).answer] == ["First.", "Second."]


def test_same_question_gets_the_same_answer_for_nothing(member, agent, keeping, work, acme):
    Budget.objects.create(name="All", limit=10_000)
    keeping.script(says("First answer."), says("Second."))
    one, two = ask(member, agent, work), ask(member, agent, work)
    assert (one.answer, two.answer, len(keeping.asked)) == ("First answer.", "First answer.", 1)
    newest, oldest = UsageRecord.objects.all()
    assert (newest.is_kept, newest.cost, newest.output_tokens) == (True, 0, 0)
    assert (oldest.is_kept, oldest.output_tokens) == (False, 2)
    assert BudgetPeriod.objects.get().spent == oldest.cost
    assert "from the cache" in client_for(acme, member).get(f"/runs/{two.pk}/").content.decode()
    assert ask(member, agent, work, "How is she?").answer == "Second."


def test_every_step_of_a_run_may_be_kept(member, agent, base, keeping, work):
    keeping.script(calls("search_knowledge", {"query": "leave"}), says("Twenty-eight."))
    assert [ask(member, agent, work).answer for _ in range(3)] == ["Twenty-eight."] * 3
    assert len(keeping.asked) == 2


def test_other_instructions_or_another_key_make_another_question(member, agent, keeping, work):
    keeping.script(says("First."), says("Second."), says("Third."))
    assert ask(member, agent, work).answer == "First."
    type(agent).objects.filter(pk=agent.pk).update(instructions="Be kind.")
    agent.refresh_from_db()
    assert ask(member, agent, work).answer == "Second."
    agent.model.provider.save()
    assert ask(member, agent, work).answer == "Third."


def test_emptied_by_an_administrator(member, agent, keeping, work, admin_client, in_acme):
    keeping.script(says("First."), says("Second."))
    ask(member, agent, work)
    page = admin_client.get("/settings/caches/").content.decode()
    assert "Answers of models" in page and "asked" in page
    admin_client.post("/settings/caches/", {"cache": "answers"})
    assert ask(member, agent, work).answer == "Second."


def test_key_holds_everything_that_was_asked(agent, scripted):
    base = ChatRequest("m", (ChatMessage("user", "Hi"),))
    others = [
        ChatRequest("n", base.messages),
        ChatRequest("m", (ChatMessage("system", "Hi"),)),
        ChatRequest("m", (ChatMessage("user", "Hi", images=(Image("image/png", b"1"),)),)),
        ChatRequest("m", (ChatMessage("user", "Hi", images=(Image("image/png", b"2"),)),)),
        ChatRequest("m", base.messages, max_tokens=5),
        ChatRequest("m", base.messages, temperature=0.0),
        ChatRequest("m", base.messages, answer_schema={"type": "object"}),
    ]
    keys = [kept.key_of(agent.model, request) for request in (base, *others)]
    assert len(set(keys)) == len(keys)
    assert kept.key_of(agent.model, ChatRequest("m", (ChatMessage("user", "Hi"),))) == keys[0]
