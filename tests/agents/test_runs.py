"""Runs over real HTTP against the stand-in: steps are stored, resumed, retried, stopped, and effects happen once."""

import pytest
from django.db import connection

from apps.agents import registry
from apps.agents.services import runs as services
from apps.agents.acting import Act
from apps.agents.models import Run, RunEvent, ToolGrant
from apps.agents.types import RUN
from apps.agents.tools.base import Tool, ToolResult
from apps.core.errors import Conflict, InvalidInput
from apps.core.tenancy import public_context, tenant_context
from apps.jobs import engine, registry as jobs_registry
from apps.jobs.models import Job
from apps.providers.types import ToolSpec
from tests.standin.server import calls, fails, raw, says


def start(member, agent, question="What is the answer?", **options):
    return services.start_run(actor=member, agent=agent, question=question, **options)


def due_now():
    with public_context(), connection.cursor() as cursor:
        cursor.execute("UPDATE jobs_job SET not_before = now() - interval '1 s' WHERE state = 'queued'")


def finished(run):
    run.refresh_from_db()
    return run


def test_answer_and_tokens_are_stored(member, agent, scripted, work):
    scripted.script(says("The answer is 42."))
    run = start(member, agent)
    assert work("agents") == 1
    run = finished(run)
    assert run.error == ""
    assert (run.state, run.answer, run.input_tokens, run.output_tokens) == ("succeeded", "The answer is 42.", 11, 4)
    assert list(run.events.values_list("number", "kind")) == [(1, "model")]


def test_tool_call_is_done_and_its_result_goes_back(member, agent, base, scripted, work):
    scripted.script(calls("search_knowledge", {"query": "leave"}), says("Nothing found."))
    run = start(member, agent)
    work("agents")
    assert finished(run).answer == "Nothing found."
    assert [m["role"] for m in scripted.requests[1]["messages"][-2:]] == ["assistant", "tool"]
    assert list(run.events.values_list("kind", flat=True)) == ["model", "tool", "model"]


@pytest.mark.parametrize("arguments", ['{"query": ', '{"wrong": 1}', '{"query": ""}', "[]"])
def test_bad_arguments_are_told_to_the_model(member, agent, scripted, work, arguments):
    scripted.script(calls("search_knowledge", arguments), says("Sorry."))
    run = start(member, agent)
    work("agents")
    assert finished(run).state == "succeeded"
    assert "error" in scripted.requests[1]["messages"][-1]["content"]


def test_unknown_tool_is_told_to_the_model(member, agent, scripted, work):
    scripted.script(calls("rm_rf", {}), says("I cannot."))
    run = start(member, agent)
    work("agents")
    assert finished(run).state == "succeeded"
    assert "no tool named rm_rf" in scripted.requests[1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    "fault",
    [
        fails(429),
        fails(429, retry_after=0),
        fails(500),
        fails(502),
        fails(529),
        says("half an answer here", cut_after=2),
        raw("data: {not json"),
        raw("data: [DONE]"),
        raw('data: {"error": {"message": "x"}}'),
    ],
)
def test_passing_fault_is_tried_again(member, agent, scripted, work, fault):
    scripted.script(fault, says("At last."))
    run = start(member, agent)
    work("agents")
    assert finished(run).state == "running"
    due_now()
    work("agents")
    assert (finished(run).state, run.answer, run.error) == ("succeeded", "At last.", "")


def test_lasting_fault_ends_with_a_reason_after_four_tries(member, agent, scripted, work):
    scripted.script(fails(503))
    run = start(member, agent)
    for _ in range(5):
        work("agents")
        due_now()
    assert (finished(run).state, len(scripted.requests)) == ("failed", 4)
    assert "provider failed" in run.error


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (fails(401), "key"),
        (fails(404), "model"),
        (fails(400), "refused"),
        (raw('data: {"choices":[{"delta":{},"finish_reason":"content_filter"}]}', "data: [DONE]"), "filter"),
    ],
)
def test_final_fault_is_not_repeated(member, agent, scripted, work, fault, words):
    scripted.script(fault)
    run = start(member, agent)
    work("agents")
    assert (finished(run).state, len(scripted.requests)) == ("failed", 1)
    assert words in run.error


def test_resumed_run_repeats_no_finished_step(member, agent, scripted, work, monkeypatch):
    scripted.script(calls("search_knowledge", {"query": "leave"}), fails(500), says("Done."))
    run = start(member, agent)
    work("agents")
    due_now()
    work("agents")
    assert finished(run).answer == "Done."
    assert list(run.events.values_list("kind", flat=True)) == ["model", "tool", "model"]
    assert len(scripted.requests) == 3


def test_stopped_run_keeps_what_it_wrote(member, agent, scripted, work):
    run = start(member, agent)
    services.cancel_run(actor=member, run=run)
    work("agents")
    assert (finished(run).state, run.answer) == ("cancelled", "")
    with pytest.raises(Conflict):
        services.cancel_run(actor=member, run=run)


def test_failed_run_can_be_run_again(member, agent, scripted, work):
    scripted.script(fails(401), says("Now it works."))
    run = start(member, agent)
    work("agents")
    services.run_again(actor=member, run=finished(run))
    work("agents")
    assert (finished(run).state, run.answer) == ("succeeded", "Now it works.")
    with pytest.raises(Conflict):
        services.run_again(actor=member, run=run)


@pytest.fixture
def mail(monkeypatch, agent):
    """A tool with an effect outside that cannot be repeated or looked up, like an e-mail; the agent may use it unasked."""
    sent = []

    def call(context, arguments):
        sent.append(context.idempotency_key)
        return ToolResult({"ok": True})

    spec = ToolSpec("send_mail", "Send.", {"type": "object"})
    monkeypatch.setitem(registry._tools, "send_mail", Tool(spec, call, risk="send", is_repeatable=False))
    ToolGrant.objects.create(agent=agent, tool="send_mail", consent=ToolGrant.Consent.WHEN_MIXED)
    return sent


def test_effect_is_announced_before_it_happens(member, agent, scripted, work, mail):
    scripted.script(calls("send_mail", {}), says("Sent."))
    run = start(member, agent)
    work("agents")
    assert finished(run).state == "succeeded"
    assert list(run.events.values_list("kind", flat=True)) == ["model", "intent", "tool", "model"]
    assert len(mail) == 1


def test_effect_in_doubt_is_left_to_a_person(member, agent, scripted, work, mail):
    scripted.script(calls("send_mail", {}), says("Sent."))
    run = start(member, agent)
    claim = engine.claim("agents", "dies")
    with tenant_context(agent_tenant()):
        from apps.agents.runs.looping import LoopTurn
        from apps.agents import loop

        dying = LoopTurn(claim, Run.objects.get(pk=run.pk))
        with engine.checkpoint(claim):
            Run.objects.filter(pk=run.pk).update(state="running")
        dying.call_model(loop.next_step(dying.brief, dying.facts))
        call = loop.next_step(dying.brief, dying.facts).call
        Act(claim, dying.run, dying.tools.held["send_mail"], call).announce({})
    with public_context(), connection.cursor() as cursor:
        cursor.execute("UPDATE jobs_job SET lease_until = now() - interval '1 s'")
    work("agents")
    assert (finished(run).state, mail) == ("needs_review", [])
    assert "send_mail" in run.error


def agent_tenant():
    from apps.core.tenancy import current_tenant

    return current_tenant()


@pytest.mark.parametrize("question", ["", "   ", "\0", "x" * 32_001])
def test_bad_question_is_refused(member, agent, question):
    with pytest.raises(InvalidInput):
        start(member, agent, question)
    assert Run.objects.count() == 0


def test_dead_worker_three_times_gives_the_run_up(member, agent, scripted, work):
    run = start(member, agent)
    for _ in range(3):
        engine.claim("agents", "victim")
        with public_context(), connection.cursor() as cursor:
            cursor.execute("UPDATE jobs_job SET lease_until = now() - interval '1 s'")
    work("agents")
    assert finished(run).state == "dead"
    assert jobs_registry.handler_for(RUN) is not None
    with public_context():
        assert Job.objects.get(object_id=run.pk).state == "dead"
    assert RunEvent.objects.filter(run=run).count() == 0


def test_step_that_kills_its_worker_is_given_up(member, agent, scripted, work, monkeypatch):
    """The worker begins the run each time, and dies in the tool: what it notes on the way must not count as progress."""

    class Killed(BaseException):
        pass

    def kill(context, arguments):
        raise Killed

    spec = ToolSpec("poison", "Kills.", {"type": "object"})
    monkeypatch.setitem(registry._tools, "poison", Tool(spec, kill, risk="send", is_repeatable=True))
    ToolGrant.objects.create(agent=agent, tool="poison", consent=ToolGrant.Consent.WHEN_MIXED)
    scripted.script(calls("poison", {}))
    run = start(member, agent)
    deaths = 0
    for _ in range(6):
        try:
            work("agents")
        except Killed:
            deaths += 1
        with public_context(), connection.cursor() as cursor:
            cursor.execute("UPDATE jobs_job SET lease_until = now() - interval '1 s' WHERE state = 'running'")
    assert (deaths, finished(run).state) == (3, "dead")
    assert "died 3 times on the same step" in run.error
