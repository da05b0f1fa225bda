"""Experiments: who is answered by the draft, what changes meanwhile, what it comes to, and when it ends."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.agents.exposure import place_of
from apps.agents.models import Agent, Run
from apps.agents.services import behaviour, drafts, rule_sets, tools
from apps.agents.services.runs import start_run
from apps.audit.models import AuditEvent
from apps.conversations.models import Conversation, Feedback, Message
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.tenancy import public_context
from apps.evaluations.measuring import figures_of
from apps.evaluations.models import Experiment
from apps.evaluations.services import experiments, sets
from apps.jobs.models import Job
from apps.prompts.services import library
from apps.usage.models import UsageRecord
from tests.conftest import api_for, client_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(agent, builder, scripted):
    """A draft that is told something else."""
    row = drafts.start_draft(actor=builder, agent=agent)
    behaviour.set_behaviour(actor=builder, agent=row, values={"instructions": "CHALLENGER"})
    return row


@pytest.fixture
def begin(agent, draft, builder, django_capture_on_commit_callbacks):
    def begun(**values):
        return experiments.start_experiment(actor=builder, agent=agent, values={"name": "Shorter", **values})

    return begun


def people(count):
    rows = [User(email=f"p{n}@acme.example", name=f"P {n}") for n in range(count)]
    return User.objects.bulk_create(rows)


def look(work_on):
    with public_context():
        Job.objects.filter(kind="experiment").update(wake_at=timezone.now() - timedelta(seconds=1))
    work_on()


def answered(agent, person, arm, *, is_good=None, state="succeeded", seconds=1, cost=0):
    """An answer that somebody got in an experiment."""
    now = timezone.now()
    times = {"started_at": now, "finished_at": now + timedelta(seconds=seconds)}
    run = Run.objects.create(agent=agent, started_by=person, arm=arm, state=state, title="x", question="x", **times)
    UsageRecord.objects.create(key=str(run.pk), run_id=run.pk, cost=Decimal(cost), provider_name="p", model_name="m")
    if is_good is not None:
        talk = Conversation.objects.create(owner=person, agent=agent, title="x")
        message = Message.objects.create(conversation=talk, position=1, role="assistant", text="x", run=run)
        Feedback.objects.create(message=message, is_good=is_good)
    return run


def test_a_share_of_the_people_is_answered_by_the_draft(begin, agent, draft, scripted, work_on, member, admin_user):
    begin(percent=40)
    everybody = people(400)
    share = sum(place_of(draft, person) < 40 for person in everybody) / len(everybody)
    assert 0.32 < share < 0.48
    scripted.script(says("So."))
    runs = [start_run(actor=person, agent=agent, question="What?") for person in (member, admin_user) for _ in range(2)]
    work_on()
    for run in runs:
        run.refresh_from_db()
        is_challenger = place_of(draft, run.started_by) < 40
        assert (run.arm, run.variant_id, run.agent_id, run.is_trial) == (
            "challenger" if is_challenger else "control",
            draft.pk if is_challenger else None,
            agent.pk,
            False,
        )
        assert ("CHALLENGER" in run.instructions) == is_challenger and run.state == "succeeded"
    assert runs[0].arm == runs[1].arm and runs[2].arm == runs[3].arm


def test_the_challenger_works_by_all_that_the_draft_is(agent, builder, draft, begin, member, scripted, work_on):
    tools.set_tools(actor=builder, agent=draft, wanted=[{"tool": "calculate"}])
    rule = {"name": "Bye", "stage": "output", "action": "add", "text": "Thank you."}
    rules = rule_sets.save_rule_set(actor=builder, values={"name": "Polite"}, rules=[rule])
    behaviour.set_behaviour(actor=builder, agent=draft, values={"rule_sets": [rules], "model": agent.model})
    Agent.objects.filter(pk=agent.pk).update(model=None)
    begin(percent=99)
    who = next(person for person in [member, *people(50)] if place_of(draft, person) < 99)
    scripted.script(says("So."))
    run = start_run(actor=who, agent=agent, question="What?")
    work_on()
    run.refresh_from_db()
    assert run.answer.startswith("So.") and "Thank you." in run.answer and run.agent_version is None
    assert "calculate" in scripted.asked[0].tools


def test_trials_and_evaluations_are_no_part_of_it(begin, agent, builder, scripted):
    begin(percent=99)
    assert start_run(actor=builder, agent=agent, question="What?", is_trial=True).arm == ""


def test_nothing_changes_on_either_side_meanwhile(begin, agent, draft, builder):
    row = begin()
    for change in (
        lambda: behaviour.set_behaviour(actor=builder, agent=draft, values={"instructions": "Other"}),
        lambda: tools.set_tools(actor=builder, agent=draft, wanted=[]),
        lambda: drafts.publish_draft(actor=builder, agent=agent),
        lambda: drafts.discard_draft(actor=builder, agent=agent),
        lambda: experiments.start_experiment(actor=builder, agent=agent, values={"name": "Again"}),
    ):
        with pytest.raises(Conflict) as refused:
            change()
        assert refused.value.code == "in_experiment"
    behaviour.set_behaviour(actor=builder, agent=agent, values={"instructions": "Mended at once."})
    row.refresh_from_db()
    draft.refresh_from_db()
    assert (row.state, row.verdict, draft.answers_percent) == ("ended", "changed", 0)
    behaviour.set_behaviour(actor=builder, agent=draft, values={"instructions": "Other"})


def test_whoever_looks_at_the_draft_is_told(acme, begin, draft, builder):
    page = client_for(acme, builder)
    assert "answers 50 percent" not in page.get(f"/agents/{draft.pk}/behaviour/").content.decode()
    begin()
    assert "answers 50 percent" in page.get(f"/agents/{draft.pk}/behaviour/").content.decode()


def test_it_is_ended_by_hand_and_the_draft_stays(begin, agent, draft, builder, member, work_on):
    row = begin()
    with pytest.raises(Forbidden):
        experiments.end_experiment(actor=member, experiment=row)
    experiments.end_experiment(actor=builder, experiment=row)
    work_on()
    row.refresh_from_db()
    assert (row.verdict, row.figures["arms"]["control"]["people"]) == ("stopped", 0)
    assert start_run(actor=member, agent=agent, question="What?").arm == ""
    with pytest.raises(Conflict):
        experiments.end_experiment(actor=builder, experiment=row)
    drafts.publish_draft(actor=builder, agent=agent)
    assert AuditEvent.objects.filter(action__startswith="experiment.").count() == 2


def test_what_it_comes_to_is_reckoned_over_people(begin, agent):
    row = begin()
    some = people(12)
    for number, person in enumerate(some[:6]):
        for again in range(3):
            answered(agent, person, "control", is_good=again == 0, seconds=2, cost="0.02")
    for person in some[6:]:
        answered(agent, person, "challenger", is_good=True, seconds=1, cost="0.01")
    answered(agent, some[6], "challenger", state="failed")
    answered(agent, some[6], "challenger", state="running")
    answered(agent, some[0], "", is_good=True)
    child = answered(agent, some[0], "")
    Run.objects.filter(pk=child.pk).update(parent=Run.objects.filter(arm="control").first())
    UsageRecord.objects.filter(run_id=child.pk).update(cost=Decimal("0.18"))
    figures = figures_of(row)
    assert figures["arms"] == {"control": {"people": 6, "answers": 18}, "challenger": {"people": 6, "answers": 7}}
    told = figures["measures"]
    assert round(told["rating"]["control"]["value"], 4) == 0.3333 and told["rating"]["challenger"]["value"] == 1.0
    assert round(told["failures"]["challenger"]["value"], 4) == 0.0833  # half of one of six
    assert round(told["cost"]["control"]["value"], 4) == 0.03  # 18 of 0.02, and 0.18 of the one asked for it
    assert told["latency"]["difference"]["value"] == -1.0
    assert told["rating"]["difference"]["low"] > 0


def test_it_ends_when_one_side_is_surely_better(begin, agent, work_on, mailoutbox):
    row = begin()
    some = people(120)
    for number, person in enumerate(some):
        answered(agent, person, "challenger" if number % 2 else "control", is_good=number % 2 == 1 or number % 10 == 0)
    look(work_on)
    row.refresh_from_db()
    assert (row.state, row.verdict) == ("ended", "challenger")
    assert [message.subject for message in mailoutbox] == ["Shorter has ended"]
    assert "The draft is better" in mailoutbox[0].body
    with public_context():
        assert Job.objects.get(kind="experiment").state == "succeeded"


def test_harm_ends_it_whatever_decides(begin, agent, draft, work_on):
    row = begin(goal="cost")
    for number, person in enumerate(people(120)):
        is_draft = number % 2 == 1
        answered(
            agent,
            person,
            "challenger" if is_draft else "control",
            state="failed" if is_draft and number % 3 else "succeeded",
        )
    look(work_on)
    row.refresh_from_db()
    draft.refresh_from_db()
    assert (row.verdict, draft.answers_percent) == ("harm", 0)


def test_a_little_difference_is_waited_for_and_time_ends_it(begin, agent, work_on):
    row = begin()
    for number, person in enumerate(people(60)):
        answered(agent, person, "challenger" if number % 2 else "control", is_good=number % 4 < 2 or number % 7 == 0)
    look(work_on)
    row.refresh_from_db()
    assert row.state == "running"
    Experiment.objects.update(until=timezone.now() - timedelta(seconds=1))
    look(work_on)
    row.refresh_from_db()
    assert (row.state, row.verdict) == ("ended", "neither")


def test_a_prompt_whose_label_moves_ends_it(begin, agent, builder, work_on):
    row = begin()
    prompt = library.create_prompt(actor=builder, name="Tone", text="Be brief.")
    library.add_version(actor=builder, prompt=prompt, text="Be long.", variables=[])
    for version, person in zip(prompt.versions.all(), people(2), strict=True):
        run = answered(agent, person, "control")
        Run.objects.filter(pk=run.pk).update(prompt_version=version)
    look(work_on)
    row.refresh_from_db()
    assert (row.state, row.verdict) == ("ended", "changed")


def test_enough_answers_end_it(begin, agent, work_on):
    row = begin(enough=20)
    for number, person in enumerate(people(40)):
        answered(agent, person, "challenger" if number % 2 else "control", is_good=number % 4 < 2)
    look(work_on)
    row.refresh_from_db()
    assert (row.state, row.verdict) == ("ended", "neither")


def test_a_guard_keeps_the_draft_from_people(agent, builder, draft):
    guard = sets.save_set(actor=builder, agent=agent, values={"name": "Leave", "is_guard": True})
    sets.save_case(actor=builder, evaluation_set=guard, values={"question": "One?", "expected": "x"})
    with pytest.raises(Conflict) as refused:
        experiments.start_experiment(actor=builder, agent=agent, values={"name": "Around"})
    assert refused.value.code == "not_evaluated" and not Experiment.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"), [("percent", 0), ("percent", 100), ("enough", 19), ("days", 91), ("goal", "luck")]
)
def test_what_cannot_be_is_told_at_its_field(begin, field, value):
    with pytest.raises(InvalidInput) as wrong:
        begin(**{field: value})
    assert wrong.value.field == field


def test_without_a_draft_there_is_none(agent, builder, member):
    with pytest.raises(Conflict, match="no draft"):
        experiments.start_experiment(actor=builder, agent=agent, values={"name": "None"})
    with pytest.raises(Forbidden):
        experiments.start_experiment(actor=member, agent=agent, values={"name": "None"})


def test_api_and_pages(acme, begin, agent, builder, draft):
    api = api_for(acme, builder)
    about = {"agent": str(agent.pk), "name": "Shorter", "percent": 20}
    made = api.post("/api/v1/experiments/", about, format="json")
    assert made.status_code == 201 and made.json()["figures"]["measures"]["rating"]["control"] is None
    assert api.post("/api/v1/experiments/", about, format="json").status_code == 409
    for number, person in enumerate(people(10)):
        answered(agent, person, "challenger" if number % 2 else "control", is_good=bool(number % 2), seconds=number)
    key = made.json()["id"]
    told = api.get(f"/api/v1/experiments/{key}").json()["figures"]["measures"]["rating"]
    assert (told["control"]["value"], told["challenger"]["people"]) == (0.0, 5)
    page = client_for(acme, builder)
    shown = page.get(f"/experiments/{key}/").content.decode()
    assert "5 people" in shown and "0.0 %" in shown and "decides" in shown
    again = page.post(
        f"/agents/{agent.pk}/experiments/new/",
        {"name": "x", "goal": "rating", "percent": 50, "enough": 200, "days": 14},
    )
    assert again.status_code == 409 and "There is an experiment already" in again.content.decode()
    assert [row["id"] for row in api.get(f"/api/v1/experiments/?agent={agent.pk}").json()["results"]] == [key]
    ended = api.post(f"/api/v1/experiments/{key}/end")
    assert (ended.status_code, ended.json()["verdict"]) == (200, "stopped")
    assert api.post(f"/api/v1/experiments/{key}/end").status_code == 409
