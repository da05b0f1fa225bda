"""Runs within budgets: recorded, stopped before the call that does not fit, what was written kept."""

from decimal import Decimal

import pytest

from apps.agents.runs import asking
from apps.agents.services import runs as services
from apps.jobs.errors import JobCancelled, LostLease
from apps.usage.errors import BudgetSpent
from apps.usage.models import Budget, BudgetPeriod, Price, Reservation, UsageRecord
from tests.agents.test_runs import due_now, finished
from tests.conftest import api_for, client_for
from tests.standin.server import calls, fails, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def priced(agent, scripted):
    """The agent's model costs 10 cents a token, so that budgets of a few dollars matter."""
    Price.objects.create(model=agent.model, input=0, output=100_000)
    return scripted


def start(member, agent, question="Hello?"):
    return services.start_run(actor=member, agent=agent, question=question)


@pytest.fixture
def small_answers(agent, monkeypatch, settings):
    settings.MAX_ANSWER_TOKENS = 100


def test_each_call_of_a_run_is_recorded(member, agent, acme, base, priced, work):
    priced.script(calls("search_knowledge", {"query": "leave"}), says("Four words are here.", usage={"cached": 3}))
    run = start(member, agent)
    work("agents")
    assert finished(run).state == "succeeded"
    newest, oldest = UsageRecord.objects.filter(run_id=run.pk)
    assert (newest.output_tokens, newest.cached_tokens, newest.cost) == (4, 3, Decimal("0.4"))
    assert oldest.cost == Decimal("0.5") and newest.first_token_s is not None and newest.took_s > 0
    assert (newest.user, newest.agent_name, newest.provider_name) == (member, agent.name, "Stand-in")
    assert "US$ 0.90" in client_for(acme, member).get(f"/runs/{run.pk}/").content.decode()
    assert Decimal(api_for(acme, member).get(f"/api/v1/runs/{run.pk}").json()["cost"]) == Decimal("0.9")


@pytest.mark.parametrize(
    ("stopped", "answered", "state"), [(LostLease, False, "running"), (JobCancelled, True, "cancelled")]
)
def test_answer_that_comes_as_the_run_is_taken_away_or_stopped_is_paid_for(
    stopped, answered, state, member, agent, acme, base, priced, work, monkeypatch
):
    """Another worker has taken the run (and will ask again: the vendor bills both), or somebody stopped it, while the answer came."""

    def stop(*args, **kwargs):
        raise stopped

    monkeypatch.setattr(asking, "add_event", stop)
    priced.script(says("Four words are here."))
    run = start(member, agent)
    work("agents")
    record = UsageRecord.objects.get(run_id=run.pk)
    assert (record.is_answered, record.output_tokens, record.cost) == (answered, 4, Decimal("0.4"))
    run.refresh_from_db()
    assert run.state == state and not run.events.exists()


def test_call_that_does_not_fit_is_not_made_and_the_page_says_so(
    member, agent, acme, base, priced, work, small_answers, admin_user
):
    Budget.objects.create(name="Team", limit=Decimal("11.4"))
    priced.script(calls("search_knowledge", {"query": "leave"}, text="Let me look."), says("Too dear."))
    run = start(member, agent)
    work("agents")
    assert (finished(run).state, run.error_code, run.answer) == ("failed", "budget_spent", "Let me look.")
    assert "Team" in run.error and len(priced.asked) == 1 and priced.asked[0].max_tokens == 100
    assert not Reservation.objects.exists() and BudgetPeriod.objects.get().spent == Decimal("0.5")
    page = client_for(acme, member).get(f"/runs/{run.pk}/").content.decode()
    assert "The budget “Team” is spent" in page and "Ask for more" in page


def test_spent_budget_refuses_the_next_question_at_once(member, agent, acme, priced):
    budget = Budget.objects.create(name="Team", limit=0)
    with pytest.raises(BudgetSpent):
        start(member, agent)
    answer = api_for(acme, member).post(f"/api/v1/agents/{agent.pk}/chat", {"text": "Hello?"})
    assert (answer.status_code, answer.json()["code"] if "code" in answer.json() else answer.json()["title"]) == (
        429,
        "Budget spent",
    )
    assert int(answer.headers["Retry-After"]) > 0
    budget.delete()
    start(member, agent)


def test_broken_answers_are_recorded_as_estimates_and_the_good_one_once(member, agent, priced, work, small_answers):
    Budget.objects.create(name="Team", limit=1000)
    priced.script(says("one two three four", cut_after=3), fails(500), says("All is well."))
    run = start(member, agent)
    for _ in range(3):
        work("agents")
        due_now()
    assert finished(run).answer == "All is well."
    last, failed, broken = UsageRecord.objects.filter(run_id=run.pk)
    assert (last.is_answered, last.is_estimated, last.cost) == (True, False, Decimal("0.3"))
    assert (failed.is_answered, failed.cost, failed.input_tokens) == (False, 0, 0)
    assert (broken.is_answered, broken.is_estimated) == (False, True) and broken.cost > 0
    period = BudgetPeriod.objects.get()
    assert (period.reserved, period.spent) == (0, last.cost + broken.cost)


def test_stopped_run_gives_back_what_it_held(member, agent, priced, work, small_answers):
    Budget.objects.create(name="Team", limit=1000)
    run = start(member, agent)
    services.cancel_run(actor=member, run=run)
    work("agents")
    assert finished(run).state == "cancelled" and BudgetPeriod.objects.count() <= 1
    assert not BudgetPeriod.objects.exclude(reserved=0).exists()
