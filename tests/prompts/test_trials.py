"""Trying versions of a prompt: metered, beside each other, and what goes wrong is told."""

import pytest

from apps.core.errors import InvalidInput
from apps.prompts.services import library, trials
from apps.usage.models import Budget, BudgetPeriod, Reservation, UsageRecord
from tests.conftest import api_for
from tests.standin.server import fails, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(in_acme, admin_user):
    return admin_user


@pytest.fixture
def prompt(admin):
    made = library.create_prompt(actor=admin, name="Offers", text="Version one about {{ product }} for {{ person }}.")
    library.add_version(actor=admin, prompt=made, text="Version two about {{ product }}.")
    return made


def told(asked):
    return next(m["content"] for m in asked.body["messages"] if m["role"] == "system")


def answer_by_version(asked):
    return says("First answer." if "Version one" in told(asked) else "Second answer.")


def test_both_versions_are_asked_and_metered(prompt, admin, agent, scripted):
    scripted.script(answer_by_version)
    two, one = prompt.versions.all()
    came = trials.try_versions(
        actor=admin, versions=[one, two], values={"product": "wind"}, question="What do you sell?", model=agent.model
    )
    assert [(t.number, t.answer, t.problem) for t in came] == [(1, "First answer.", ""), (2, "Second answer.", "")]
    assert came[0].text == "Version one about wind for Ada Admin."
    assert UsageRecord.objects.count() == 2 and came[0].output_tokens == 2


def test_failure_of_one_is_told_beside_the_answer_of_the_other(prompt, admin, agent, scripted):
    scripted.script(lambda asked: fails(401) if "Version one" in told(asked) else says("Fine."))
    two, one = prompt.versions.all()
    came = trials.try_versions(
        actor=admin, versions=[one, two], values={"product": "x"}, question="?", model=agent.model
    )
    assert "did not accept the key" in came[0].problem and came[1].answer == "Fine."


def test_answer_that_breaks_off_is_paid_for_by_our_estimate(prompt, admin, agent, scripted):
    scripted.script(says("one two three four", cut_after=3))
    [came] = trials.try_versions(
        actor=admin, versions=[prompt.versions.last()], values={"product": "x"}, question="?", model=agent.model
    )
    record = UsageRecord.objects.get()
    assert came.problem and came.answer.startswith("one two three")
    assert (record.is_answered, record.is_estimated) == (False, True) and record.output_tokens > 0


def test_budget_stops_a_trial_before_the_call(prompt, admin, agent, scripted):
    Budget.objects.create(name="All", limit=100, measure="tokens")
    one = prompt.versions.last()
    [came] = trials.try_versions(actor=admin, versions=[one], values={"product": "x"}, question="?", model=agent.model)
    assert "All" in came.problem and not scripted.asked and not Reservation.objects.exists()
    assert BudgetPeriod.objects.get().spent == 0


def test_missing_value_and_empty_question(prompt, admin, agent, scripted):
    one = prompt.versions.last()
    for values, question, field in (({}, "?", "values.product"), ({"product": "x"}, " ", "question")):
        with pytest.raises(InvalidInput) as refused:
            trials.try_versions(actor=admin, versions=[one], values=values, question=question, model=agent.model)
        assert refused.value.field == field
    assert not scripted.asked


def test_page_and_api(prompt, admin, agent, acme, admin_client, scripted):
    scripted.script(answer_by_version)
    page = admin_client.get(f"/prompts/{prompt.pk}/try/").content.decode()
    assert 'name="values-product"' in page and "Stand-in: scripted" in page
    body = {"model": agent.model.pk, "other": "1", "question": "Hello?"}
    refused = admin_client.post(f"/prompts/{prompt.pk}/try/", body)
    assert refused.status_code == 422 and "Fill in “product”" in refused.content.decode()
    shown = admin_client.post(f"/prompts/{prompt.pk}/try/", body | {"values-product": "wind"}).content.decode()
    assert "First answer." in shown and "Second answer." in shown
    body = {"version": 2, "beside": 1, "question": "Hello?", "values": {"product": "x"}, "model": str(agent.model.pk)}
    came = api_for(acme, admin).post(f"/api/v1/prompts/{prompt.pk}/try", body).json()
    assert [(t["version"], t["answer"]) for t in came] == [(2, "Second answer."), (1, "First answer.")]
