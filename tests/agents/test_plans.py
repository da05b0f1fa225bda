"""An agent that plans: people see and change the tasks before anything is done, each is a run of its own, and what fails is planned anew."""

import json

import pytest

from apps.agents.forms import ArgumentsForm
from apps.agents.models import Approval, Run
from apps.agents.rendering import card_of
from apps.agents.services import approvals, tools
from apps.agents.services.runs import cancel_run, start_run
from apps.agents.tools.plan import WORK_BY_PLAN
from apps.core.tenancy import tenant_context
from apps.jobs import engine, worker
from tests.agents.test_runs import finished
from tests.conftest import client_for
from tests.standin.server import calls, fails, says

pytestmark = pytest.mark.django_db
TASKS = ["Find the days of leave.", "Write a note about them."]


def plan(*tasks):
    return calls("work_by_plan", {"tasks": list(tasks or TASKS)})


@pytest.fixture
def planner(agent, admin_user, scripted):
    tools.set_tools(actor=admin_user, agent=agent, wanted=[{"tool": "work_by_plan"}, {"tool": "calculate"}])
    return agent


@pytest.fixture
def asked(planner, member, scripted, work_on):
    """A run whose plan waits for its person."""
    scripted.script(plan())
    run = start_run(actor=member, agent=planner, question="Prepare a note on leave.")
    work_on()
    return run


def approve(person, run):
    approval = Approval.objects.get(run=run, state="pending")
    return approvals.approve(actor=person, approval=approval, digest=approval.digest)


def test_nothing_is_done_before_the_plan_was_seen(asked, member):
    card = card_of(Approval.objects.get(), member)
    assert card.approval.why == "plan" and not card.may_remember
    assert [(task.text, task.run) for task in card.tasks] == [(text, None) for text in TASKS]
    assert (Run.objects.count(), finished(asked).state) == (1, "waiting")


def test_each_task_is_a_run_that_knows_what_was_done_before(asked, member, scripted, work_on):
    scripted.script(says("28 days [1]."), says("Note: 28 days."), says("Here is the note: 28 days."))
    approve(member, asked)
    work_on()
    run = finished(asked)
    assert (run.state, run.answer) == ("succeeded", "Here is the note: 28 days.")
    first, second = run.children.order_by("created_at")
    assert [child.title for child in (first, second)] == TASKS
    assert "Prepare a note on leave." in first.question and first.question.endswith(TASKS[0])
    assert "28 days." in second.question and "[1]" not in second.question
    assert "work_by_plan" not in first.allowed_tools and "calculate" in first.allowed_tools
    told = scripted.asked[-1].body["messages"][-1]["content"]
    assert json.loads(told)["tasks"][1] == {"task": TASKS[1], "answer": "Note: 28 days."}
    card = card_of(Approval.objects.get(), member)
    assert [task.run.state for task in card.tasks] == ["succeeded", "succeeded"]


def test_changed_plan_is_what_is_done(asked, member, scripted, work_on):
    approval = Approval.objects.get()
    form = ArgumentsForm(WORK_BY_PLAN, approval.arguments, {"arg-tasks": "Only this.\n\n"})
    assert form.is_valid() and form.values() == {"tasks": ["Only this."]}
    changed = approvals.edit(actor=member, approval=approval, arguments=form.values())
    approvals.approve(actor=member, approval=changed, digest=changed.digest)
    scripted.script(says("Did this."), says("Done."))
    work_on()
    assert [child.title for child in finished(asked).children.all()] == ["Only this."]


def test_declined_plan_is_told_to_the_model(asked, member, scripted, work_on):
    scripted.script(says("Then not."))
    approvals.decline(actor=member, approval=Approval.objects.get(), reason="Too much")
    work_on()
    assert finished(asked).answer == "Then not." and Run.objects.count() == 1
    assert "Too much" in scripted.asked[-1].body["messages"][-1]["content"]


def test_task_that_fails_stops_the_plan_and_another_one_may_follow(asked, member, scripted, work_on):
    scripted.script(fails(401), plan("Try it otherwise."))
    approve(member, asked)
    work_on()
    told = scripted.asked[-1].body["messages"][-1]["content"]
    assert "error" in told and TASKS[1] in told
    assert finished(asked).state == "waiting"
    scripted.script(says("Worked."), says("All done."))
    approve(member, asked)
    work_on()
    run = finished(asked)
    assert (run.answer, run.children.count()) == ("All done.", 2)


def test_third_plan_is_the_last(asked, member, scripted, work_on):
    for _ in range(2):
        approve(member, asked)
        scripted.script(fails(401), plan("Again."))
        work_on()
    approve(member, asked)
    scripted.script(says("Did it."), plan("Once more."), says("Enough."))
    work_on()
    assert finished(asked).answer == "Enough." and Approval.objects.count() == 3
    assert "all it may" in scripted.asked[-1].body["messages"][-1]["content"]


def test_stopping_the_run_stops_its_task(asked, member, scripted, work_on):
    approve(member, asked)
    with tenant_context(None):
        worker.execute(engine.claim("agents"))  # the run alone: it begins its first task and waits
    child = asked.children.get()
    assert (child.state, finished(asked).state) == ("queued", "waiting")
    cancel_run(actor=member, run=asked)
    work_on()
    assert finished(child).state == "cancelled" and not scripted.asked[1:]


def test_card_in_the_page_shows_the_tasks(asked, member, acme):
    page = client_for(acme, member).get(f"/approvals/{Approval.objects.get().pk}/").content.decode()
    for task in TASKS:
        assert task in page
    assert "This is what it will do" in page
