"""Workflows run: agents and people one after the other, what they gave handed on, taken up again where they failed."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from apps.accounts.roles import MEMBER, group_for
from apps.accounts.services.keys import make_key
from apps.accounts.services.members import create_user
from apps.agents.models import Agent, Run
from apps.agents.services import studio
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.tenancy import public_context, tenant_context
from apps.jobs import engine
from apps.jobs.models import Job
from apps.knowledge.services import upload_document
from apps.workflows import executing
from apps.workflows.models import Execution, ExecutionStep, Workflow
from apps.workflows.services import automations, executions, workflows
from tests.conftest import api_for, client_for
from tests.standin.server import fails, says

pytestmark = pytest.mark.django_db


def asks(agent, name, question, **more):
    return {"kind": "agent", "name": name, "agent": str(agent.pk), "values": {"question": question}, **more}


@pytest.fixture
def made(admin_user):
    """Return a function that makes a workflow of steps, about a topic."""

    def make(*steps, **more):
        flow = {"inputs": [{"name": "topic"}], "steps": steps, **more}
        return workflows.save_workflow(actor=admin_user, values={"name": "Brief", "flow": flow})

    return make


@pytest.fixture
def other_member(in_acme):
    return create_user(email="other@acme.example", name="Otto Other", password=None, role=MEMBER)


def start(person, workflow, **given):
    return executions.start_execution(actor=person, workflow=workflow, given={"topic": "leave", **given})


def states(execution):
    return dict(execution.steps.values_list("key", "state"))


def test_what_one_gives_is_handed_to_the_next(made, member, agent, scripted, work_on, mailoutbox):
    workflow = made(asks(agent, "find", "Find {{ topic }}."), asks(agent, "sum", "Sum up: {{ find.answer }}"))
    scripted.script(says("28 days."), says("Short: 28."))
    execution = start(member, workflow)
    work_on()
    execution.refresh_from_db()
    assert (execution.state, execution.answer) == ("done", "Short: 28.")
    assert list(Run.objects.order_by("created_at").values_list("question", flat=True)) == [
        "Find leave.",
        "Sum up: 28 days.",
    ]
    assert set(Run.objects.values_list("started_by", flat=True)) == {member.pk}
    assert AuditEvent.objects.filter(action="run.started", through="workflow:Brief").count() == 2
    assert [mail.subject for mail in mailoutbox] == ["Brief is done"]


def test_beside_each_other_and_a_result_of_both(made, member, agent, scripted, work_on):
    both = {"kind": "parallel", "name": "both", "lanes": [[asks(agent, "a", "One?")], [asks(agent, "b", "Two?")]]}
    workflow = made(both, result="{{ a.answer }} and {{ b.answer }}")
    scripted.script(says("x"), says("x"))
    execution = start(member, workflow)
    work_on()
    execution.refresh_from_db()
    assert execution.answer == "x and x"


def test_person_decides_and_the_lane_follows(made, member, agent, scripted, work_on, mailoutbox):
    branch = {
        "kind": "branch",
        "name": "either",
        "condition": {"place": "check.choice", "value": "Approve"},
        "lanes": [[asks(agent, "send", "Send {{ draft.answer }} ({{ check.comment }})")], []],
    }
    check = {"kind": "person", "name": "check", "text": "Is this good?\n\n{{ draft.answer }}"}
    execution = start(member, made(asks(agent, "draft", "Write on {{ topic }}."), check, branch))
    scripted.script(says("The draft."), says("Sent."))
    work_on()
    execution.refresh_from_db()
    step = ExecutionStep.objects.for_decision_by(member).get()
    assert execution.state == "waiting" and step.text == "Is this good?\n\nThe draft."
    assert [mail.subject for mail in mailoutbox] == ["Check: Brief waits for you"]
    executions.decide(actor=member, step=step, choice="Approve", comment="today")
    work_on()
    execution.refresh_from_db()
    assert (execution.state, execution.answer) == ("done", "Sent.")
    assert Run.objects.filter(question="Send The draft. (today)").exists()
    assert AuditEvent.objects.get(action="workflow.decided").after["choice"] == "Approve"
    with pytest.raises(Conflict):
        executions.decide(actor=member, step=step, choice="Approve")


def test_the_day_on_which_it_began_stays_its_day(made, member, agent, scripted, work_on):
    branch = {
        "kind": "branch",
        "name": "either",
        "condition": {"place": "today", "value": "2026-01-05"},
        "lanes": [
            [{"kind": "person", "name": "early", "text": "Go on on {{ today }}?"}],
            [asks(agent, "late", "Late?")],
        ],
    }
    execution = start(member, made(branch))
    Execution.objects.filter(pk=execution.pk).update(created_at=datetime(2026, 1, 5, 12, tzinfo=UTC))
    work_on()
    step = execution.steps.get()
    assert step.text == "Go on on 2026-01-05?"
    executions.decide(actor=member, step=step, choice="Approve")
    execution.refresh_from_db()
    assert execution.state == "running"
    work_on()
    assert list(states(execution)) == ["early"]


def test_group_decides_and_nobody_else(made, member, admin_user, agent, work_on):
    group = group_for("owner")
    check = {"kind": "person", "name": "check", "text": "Go on?", "group": group.pk, "choices": ["Yes", "No"]}
    execution = start(member, made(check))
    work_on()
    step = execution.steps.get()
    assert not ExecutionStep.objects.for_decision_by(member).exists()
    with pytest.raises(Forbidden):
        executions.decide(actor=member, step=step, choice="Yes")
    with pytest.raises(InvalidInput):
        executions.decide(actor=admin_user, step=step, choice="Perhaps")
    executions.decide(actor=admin_user, step=step, choice="Yes")
    work_on()
    execution.refresh_from_db()
    assert execution.state == "done" and execution.steps.get().gives["person"] == admin_user.name


def test_again_until_somebody_is_content(made, member, agent, scripted, work_on):
    loop = {
        "kind": "loop",
        "name": "improve",
        "until": {"place": "check.choice", "value": "Approve"},
        "lanes": [
            [
                asks(agent, "draft", "Write. {{ check.comment }}"),
                {"kind": "person", "name": "check", "text": "{{ draft.answer }}"},
            ]
        ],
    }
    execution = start(member, made(loop))
    scripted.script(says("First."), says("Second."))
    for choice, comment in (("Decline", "Shorter!"), ("Approve", "")):
        work_on()
        step = ExecutionStep.objects.for_decision_by(member).get()
        executions.decide(actor=member, step=step, choice=choice, comment=comment)
    work_on()
    execution.refresh_from_db()
    assert (execution.state, execution.answer) == ("done", "Second.")
    assert list(states(execution)) == ["improve/1/draft", "improve/1/check", "improve/2/draft", "improve/2/check"]
    assert Run.objects.filter(question="Write. Shorter!").exists()


def test_goes_on_from_the_step_that_failed(made, member, agent, scripted, work_on, mailoutbox):
    execution = start(member, made(asks(agent, "find", "Find."), asks(agent, "sum", "Sum up {{ find.answer }}.")))
    scripted.script(says("28"), fails(401))
    work_on()
    execution.refresh_from_db()
    assert execution.state == "failed" and execution.error.startswith("Sum:")
    assert states(execution) == {"find": "done", "sum": "failed"}
    assert [mail.subject for mail in mailoutbox] == ["Brief did not come to its end"]
    scripted.script(says("So."))
    executions.go_on(actor=member, execution=execution)
    work_on()
    execution.refresh_from_db()
    assert (execution.state, execution.answer, execution.error) == ("done", "So.", "")
    assert Run.objects.filter(question="Find.").count() == 1
    with pytest.raises(Conflict):
        executions.go_on(actor=member, execution=execution)


def test_worker_that_is_lost_asks_nobody_twice(made, member, agent, scripted, work_on):
    execution = start(member, made(asks(agent, "a", "One?"), asks(agent, "b", "Two?")))
    scripted.script(says("1"), says("2"))
    with tenant_context(None):
        claim = engine.claim("agents")
    executing._begin(claim, execution, executing.where(execution).ready[0])
    with public_context():
        Job.objects.filter(pk=claim.job_id).update(lease_until="2020-01-01T00:00Z")
    work_on()
    execution.refresh_from_db()
    assert execution.state == "done" and Run.objects.count() == 2


def test_stopped_and_taken_up_again(made, member, other_member, agent, scripted, work_on):
    check = {"kind": "person", "name": "check", "text": "Go on?"}
    execution = start(member, made(asks(agent, "a", "One?"), check))
    scripted.script(says("1"))
    work_on()
    with pytest.raises(Forbidden):
        executions.stop_execution(actor=other_member, execution=execution)
    executions.stop_execution(actor=member, execution=execution)
    work_on()
    execution.refresh_from_db()
    assert (execution.state, states(execution)) == ("cancelled", {"a": "done", "check": "cancelled"})
    with pytest.raises(Conflict):
        executions.stop_execution(actor=member, execution=execution)
    executions.go_on(actor=member, execution=execution)
    work_on()
    execution.refresh_from_db()
    assert (execution.state, states(execution)) == ("waiting", {"a": "done", "check": "asked"})


def test_step_without_right_fails_with_the_reason(made, member, admin_user, agent, scripted, work_on):
    workflow = made(asks(agent, "a", "One?"))
    execution = start(member, workflow)
    studio.switch_agent(actor=admin_user, agent=agent, is_active=False)
    work_on()
    execution.refresh_from_db()
    assert execution.state == "failed" and "may not ask this agent" in execution.error
    with pytest.raises(Conflict):
        start(member, workflow)


def test_what_a_run_has_read_goes_with_what_it_gives(made, member, agent, scripted, work_on):
    execution = start(member, made(asks(agent, "a", "One?"), asks(agent, "b", "{{ a.answer }}")))
    scripted.script(says("1"), says("2"))
    work_on()
    first = execution.steps.get(key="a").run
    Run.objects.filter(pk=first.pk).update(holds=["untrusted"])
    ExecutionStep.objects.filter(key="b").delete()
    Execution.objects.filter(pk=execution.pk).update(state="failed")
    scripted.script(says("3"))
    execution.refresh_from_db()
    executions.go_on(actor=member, execution=execution)
    work_on()
    assert execution.steps.get(key="b").run.holds == ["untrusted"]


def test_same_key_starts_once(made, member, agent):
    workflow = made(asks(agent, "a", "One?"))
    about = {"actor": member, "workflow": workflow, "idempotency_key": "k"}
    first = executions.start_execution(given={"topic": "leave"}, **about)
    assert executions.start_execution(given={"topic": "leave"}, **about) == first
    with pytest.raises(Conflict):
        executions.start_execution(given={"topic": "sick"}, **about)
    with pytest.raises(InvalidInput):
        executions.start_execution(actor=member, workflow=workflow, given={})


def test_changing_it_changes_nothing_that_runs(made, member, admin_user, agent, scripted, work_on):
    workflow = made(asks(agent, "a", "One?"), asks(agent, "b", "Two?"))
    execution = start(member, workflow)
    workflows.save_workflow(actor=admin_user, workflow=workflow, values={"flow": {"steps": []}})
    scripted.script(says("1"), says("2"))
    work_on()
    execution.refresh_from_db()
    assert execution.state == "done" and execution.steps.count() == 2


def test_who_may_what(made, member, admin_user, agent):
    workflow = made(asks(agent, "a", "One?"))
    with pytest.raises(Forbidden):
        workflows.save_workflow(actor=member, values={"name": "Mine"})
    with pytest.raises(Forbidden):
        workflows.save_workflow(actor=member, workflow=workflow, values={"name": "Mine"})
    with pytest.raises(Forbidden):
        workflows.remove_workflow(actor=member, workflow=workflow)
    Workflow.objects.filter(pk=workflow.pk).update(is_open=False)
    with pytest.raises(Forbidden):
        start(member, workflow)


def test_automation_starts_one_and_its_result_goes_out(made, member, admin_user, agent, scripted, work_on, mailoutbox):
    workflow = made(asks(agent, "a", "About {{ topic }}?"))
    values = {
        "name": "Weekly",
        "workflow": workflow,
        "values": {"topic": "leave"},
        "cron": "0 8 * * 1",
        "recipients": [admin_user],
    }
    automation, _secret = automations.save_automation(actor=member, values=values)
    assert automation.starts == workflow and not automation.to_conversation
    automations.start_now(actor=member, automation=automation)
    scripted.script(says("28 days."))
    work_on()
    occurrence = automation.occurrences.get()
    assert occurrence.state == "started" and occurrence.execution.answer == "28 days."
    assert [(mail.subject, mail.to) for mail in mailoutbox] == [("Weekly", [admin_user.email])]
    with pytest.raises(Conflict):
        workflows.remove_workflow(actor=admin_user, workflow=workflow)


@pytest.mark.usefixtures("in_acme")
def test_what_the_database_cannot_keep_is_refused_at_its_field(admin_user, acme):
    flow = {"inputs": [{"name": "n", "default": "a\0b"}], "steps": []}
    answer = api_for(acme, admin_user).post("/api/v1/workflows/", {"name": "Weekly", "flow": flow}, format="json")
    assert answer.status_code == 422 and "flow" in str(answer.json()) and not Workflow.objects.exists()


def test_automation_of_a_workflow_with_a_problem_is_refused(made, member, agent):
    with pytest.raises(InvalidInput) as refused:
        automations.save_automation(actor=member, values={"name": "Weekly", "workflow": made(), "cron": "0 8 * * 1"})
    assert refused.value.field == "workflow"


@pytest.mark.usefixtures("agent")
def test_agents_of_blueprints_hand_on_fields_of_their_result(made, member, admin_user, scripted, work_on):
    from apps.agents.blueprints.registry import blueprint_named
    from apps.agents.services import files

    blueprint = blueprint_named("rfp_analyser")
    analyser = studio.save_agent(actor=admin_user, values={"name": "Analyser"}, blueprint=blueprint)
    helper = Agent.objects.exclude(pk=analyser.pk).first()
    flow = {
        "inputs": [{"name": "tender", "kind": "file"}],
        "steps": [
            {"kind": "agent", "name": "analyse", "agent": str(analyser.pk), "values": {"tender": "{{ tender }}"}},
            asks(helper, "say", "Of {{ analyse.document }}: {{ analyse.requirements.count }} requirements."),
        ],
    }
    workflow = workflows.save_workflow(actor=admin_user, values={"name": "Tender", "flow": flow})
    tender = files.sample_values(actor=member, blueprint=blueprint)["tender"]
    executions.start_execution(actor=member, workflow=workflow, given={"tender": tender})
    scripted.script(*[says("Good.")] * 30)
    work_on()
    run = Run.objects.get(agent=helper)
    assert "Of tender.md: " in run.question and " 0 requirements" not in run.question


# -- by API and pages --------------------------------------------------------------------------------------------


def test_by_api_from_writing_to_deciding(acme, admin_user, member, agent, scripted, work_on):
    admin, person = api_for(acme, admin_user), api_for(acme, member)
    check = {"kind": "person", "name": "check", "text": "{{ find.answer }}"}
    steps = [asks(agent, "find", "Find {{ subject }}."), check]
    made = admin.post(
        "/api/v1/workflows/", {"name": "Brief", "flow": {"inputs": [{"name": "topic"}], "steps": steps}}, format="json"
    )
    assert made.status_code == 201 and made.json()["problems"][0]["step"] == "find"
    address = f"/api/v1/workflows/{made.json()['id']}"
    assert person.post(f"{address}/start", {"values": {"topic": "leave"}}, format="json").status_code == 409
    steps[0] = asks(agent, "find", "Find {{ topic }}.")
    mended = admin.patch(address, {"flow": {"inputs": [{"name": "topic"}], "steps": steps}}, format="json").json()
    assert mended["problems"] == [] and mended["name"] == "Brief"
    bad = admin.patch(address, {"flow": {"steps": [{"kind": "agent", "name": "A b"}]}}, format="json")
    assert bad.status_code == 422 and next(iter(bad.json()["errors"])).startswith("steps.0")
    assert person.post(f"{address}/start", {"values": {}}, format="json").status_code == 422
    scripted.script(says("28 days."))
    headers = {"HTTP_IDEMPOTENCY_KEY": "once"}
    begun = [
        person.post(f"{address}/start", {"values": {"topic": "leave"}}, format="json", **headers) for _ in range(2)
    ]
    assert [each.status_code for each in begun] == [202, 202] and begun[0].json()["id"] == begun[1].json()["id"]
    work_on()
    execution = f"/api/v1/executions/{begun[0].json()['id']}"
    assert [step["state"] for step in person.get(execution).json()["steps"]] == ["done", "asked"]
    task = person.get("/api/v1/tasks/").json()["results"][0]
    assert task["text"] == "28 days." and admin.get("/api/v1/tasks/").json()["results"] == []
    assert person.post(f"/api/v1/tasks/{task['id']}/decide", {"choice": "Perhaps"}, format="json").status_code == 422
    assert person.post(f"/api/v1/tasks/{task['id']}/decide", {"choice": "Approve"}, format="json").status_code == 200
    work_on()
    assert person.get(execution).json()["state"] == "done"
    assert person.delete(execution).status_code == 204 and Run.objects.count() == 1


def test_keys_decide_nothing(in_acme, made, member, work_on):
    start(member, made({"kind": "person", "name": "check", "text": "Go on?"}))
    work_on()
    key = make_key(actor=member, name="Robot", scopes=["automations:read", "automations:write"]).text
    robot = APIClient(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {key}")
    task = robot.get("/api/v1/tasks/").json()["results"][0]
    assert robot.post(f"/api/v1/tasks/{task['id']}/decide", {"choice": "Approve"}, format="json").status_code == 403


def test_agent_that_one_does_not_see_is_not_named(acme, made, admin_user, member, agent):
    workflow = made(asks(agent, "a", "One?"))
    Agent.objects.filter(pk=agent.pk).update(is_open=False, name="Secret project")
    page = client_for(acme, member).get(f"/workflows/{workflow.pk}/").content.decode()
    assert "Secret project" not in page and "do not see" in page


def test_builder_says_what_is_wrong(acme, made, admin_user, agent):
    workflow = made()
    client = client_for(acme, admin_user)
    answer = client.post(
        f"/workflows/{workflow.pk}/inputs/new/", {"label": "Reader", "kind": "choice", "choices": "one"}
    )
    assert answer.status_code == 422 and "two choices or more" in answer.content.decode()
    assert client.get(f"/workflows/{workflow.pk}/steps/new/?kind=agent&agent={uuid4()}").status_code == 404
    assert client.get(f"/workflows/{workflow.pk}/steps/new/?kind=loop&in=nowhere&lane=0&at=0").status_code == 404
    assert client.get(f"/workflows/{workflow.pk}/steps/none/").status_code == 404
    address = f"/workflows/{workflow.pk}/steps/new/?kind=parallel"
    assert client.post(address, {"title": "Both", "lanes": 9}).status_code == 422
    assert client.post(address, {"title": "Both", "lanes": 3}).status_code == 302
    client.post(
        f"/workflows/{workflow.pk}/steps/new/?kind=person&in=both&lane=2&at=0",
        {"title": "Check", "text": "?", "choices": "Yes"},
    )
    fewer = client.post(f"/workflows/{workflow.pk}/steps/both/", {"title": "Both", "lanes": 2})
    assert fewer.status_code == 422 and "holds steps" in fewer.content.decode()
    assert client.post(f"/workflows/{workflow.pk}/undo/").status_code == 302
    workflow.refresh_from_db()
    assert workflow.written.steps[0].lanes == ((), (), ())


def test_automation_of_a_workflow_by_its_pages(acme, made, member, agent, scripted, work_on):
    workflow = made(asks(agent, "a", "About {{ topic }}?"))
    client = client_for(acme, member)
    assert "Brief" in client.get("/automations/new/").content.decode()
    assert "Have Brief started by itself" in client.get(f"/automations/new/?workflow={workflow.pk}").content.decode()
    sent = {"workflow": workflow.pk, "name": "Weekly", "kind": "schedule", "every": "week", "at": "08:00", "weekday": 1, "day": 1, "time_zone": "UTC", "catch_up": "once"}  # fmt: skip
    refused = client.post("/automations/new/", sent)
    assert refused.status_code == 422 and "Fill in “topic”" in refused.content.decode()
    saved = client.post("/automations/new/", sent | {"values-topic": "leave"})
    assert saved.status_code == 302
    scripted.script(says("28 days."))
    client.post(f"{saved['Location']}start/")
    work_on()
    page = client.get(saved["Location"]).content.decode()
    assert "/workflows/executions/" in page and "Brief" in client.get("/automations/").content.decode()
    assert client.get(f"{saved['Location']}edit/").status_code == 200
    told = api_for(acme, member).get("/api/v1/automations/").json()["results"][0]
    assert (told["workflow"], told["agent"], told["to_conversation"]) == (str(workflow.pk), None, False)


def test_document_that_can_be_searched_starts_one(made, member, base, agent, scripted, work, work_on):
    workflow = made(asks(agent, "a", "What is new in {{ topic }}?"))
    values = {
        "name": "New",
        "workflow": workflow,
        "values": {"topic": "{{ document }}"},
        "kind": "event",
        "event": "document.ready",
    }
    automations.save_automation(actor=member, values=values)
    upload_document(
        actor=member, knowledge_base=base, upload=SimpleUploadedFile("rules.md", b"# Rules\n\nStaff get 28 days.")
    )
    work("documents")
    scripted.script(says("28 days."))
    work_on()
    run = Run.objects.get()
    assert run.question == "What is new in rules.md?" and run.holds == ["untrusted"]
    assert Execution.objects.get().state == "done"
