"""The worker side of workflows: begin what can begin, wait for runs and people, until every step has its end."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.telling import tell
from apps.agents import composing
from apps.agents.models import Agent, Run
from apps.agents.services import form_runs
from apps.agents.services.runs import MAX_KEY_CHARS, start_run
from apps.audit.services.trail import record
from apps.core.caller import Caller, calling
from apps.core.errors import Conflict, DomainError, Forbidden, NotFound, TooManyRequests, Unavailable
from apps.core.tenancy import bound, current_tenant
from apps.integrations.models import Webhook
from apps.integrations.publishing import publish
from apps.jobs import engine, waiting
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.types import AGENTS, Claim
from apps.prompts.templating import checked_values, given_values
from apps.prompts.types import Variable
from apps.usage.errors import BudgetSpent
from apps.workflows import actions, crew, delivering
from apps.workflows.flows.places import filled
from apps.workflows.flows.steps import AgentStep, PersonStep, every_step
from apps.workflows.flows.walking import Known, Ready, Walk, walk
from apps.workflows.models import Execution, ExecutionStep, Workflow
from apps.workflows.types import EXECUTION, QUESTION

LOOK_AGAIN, LOOK_AGAIN_FOR_PEOPLE = timedelta(minutes=2), timedelta(hours=1)
TEXT_CHARS, MOST_TOLD = 20_000, 50
StepState = ExecutionStep.State
ENDS = {Run.State.SUCCEEDED: StepState.DONE, Run.State.CANCELLED: StepState.CANCELLED}


def open_execution(
    *,
    actor: Any,
    workflow: Workflow,
    given: Mapping[str, Any],
    holds: Collection[str] = (),
    idempotency_key: str = "",
) -> Execution:
    """Store an execution and its job; the same idempotency key gives the same one. Part of a transaction.

    Raises Forbidden, Conflict for a workflow that holds a problem or a key that was used for something else, InvalidInput at
    `values.<name>`.
    """
    if not Workflow.objects.usable_by(actor).filter(pk=workflow.pk).exists():
        raise Forbidden(_("You may not start this workflow (any more)."))
    flow = workflow.written
    problems = crew.problems_for(flow, actor)
    if problems:
        raise Conflict(problems[0].words, code="workflow_has_problems")
    values = checked_values(flow.variables, given)
    require_files(actor, flow.variables, values)
    key = idempotency_key[:MAX_KEY_CHARS]
    known = Execution.objects.filter(started_by=actor, idempotency_key=key).first() if key else None
    if known is not None and (known.workflow_id, known.inputs) != (workflow.pk, values):
        raise Conflict(_("This idempotency key was used for something else."), code="idempotency_key_reused")
    if known is not None:
        return known
    execution = Execution.objects.create(
        workflow=workflow,
        started_by=actor,
        name=workflow.name,
        flow=workflow.flow,
        inputs=values,
        holds=sorted(holds),
        idempotency_key=key,
    )
    record(actions.WORKFLOW_STARTED, actor=actor, target=execution, after={"workflow": workflow.name})
    go_on(execution)
    return execution


def require_files(actor: Any, asked: Sequence[Variable], values: Mapping[str, str]) -> None:
    """Raise InvalidInput, at `values.<name>`, for a file of somebody else's, or one that is gone."""
    for each in asked:
        if each.takes_files:
            composing.files_named(values[each.name], each.name, actor)


class Executions:
    """Handler of jobs of the kind EXECUTION."""

    def work(self, claim: Claim) -> None:
        while True:
            claim.ensure_held()
            execution = _read(claim)
            if execution is None or not execution.is_open:
                with engine.settlement(claim, Job.State.SUCCEEDED):
                    return
            came = where(execution)
            delay_s = _begin(claim, execution, came.ready[0]) if came.ready else None
            if came.ready and delay_s is None:
                continue
            if came.state != "open" and _ended(claim):
                return
            if came.state == "open" and _parked(claim, delay_s):
                return

    def cancel(self, claim: Claim) -> None:
        execution = _read(claim, is_locked=True)
        if execution is not None:
            end(execution, Execution.State.CANCELLED)

    def bury(self, claim: Claim, reason: str) -> None:
        execution = _read(claim, is_locked=True)
        if execution is not None:
            end(execution, Execution.State.FAILED, error=reason)


def _read(claim: Claim, *, is_locked: bool = False) -> Execution | None:
    """Return the execution, None when it is gone with whoever started it."""
    found = Execution.objects.select_related("started_by", "workflow")
    found = found.select_for_update(of=("self",)) if is_locked else found
    return found.filter(pk=claim.object_id).first()


def where(execution: Execution) -> Walk:
    """Say where an execution stands."""
    rows = ExecutionStep.objects.filter(execution=execution).select_related("run")
    rows = rows.only("key", "state", "gives", "run__answer", "run__result")  # a run holds much more
    known = {row.key: Known(_STANDS.get(row.state, "open"), _given(row)) for row in rows}
    return walk(execution.written.steps, known, execution.inputs | _given_by_itself(execution))


def _given_by_itself(execution: Execution) -> dict[str, str]:
    """Return what every run fills in by itself; `today` stays the day on which it began, or a lane that was taken could be another one tomorrow."""
    person = execution.started_by
    day = timezone.localdate(execution.created_at, ZoneInfo(person.time_zone or "UTC"))
    return given_values(person) | {"today": day.isoformat()}


_STANDS: Mapping[str, Any] = {
    StepState.DONE: "done",
    StepState.FAILED: "failed",
    StepState.CANCELLED: "failed",
}


def _given(row: ExecutionStep) -> Mapping[str, Any]:
    """Return what a step gave, by name: of a run its answer and, of a blueprint's, the fields of its result."""
    if row.run is None:
        return row.gives
    result = row.run.result if isinstance(row.run.result, dict) else {}
    return {**result, "answer": row.run.answer}


def _begin(claim: Claim, execution: Execution, ready: Ready) -> float | None:
    """Begin one step unless somebody stopped it all meanwhile; return after how many seconds to try again, None when it has begun."""
    with engine.checkpoint(claim):
        locked = _read(claim, is_locked=True)
        if locked is None or not locked.is_open or locked.steps.filter(key=ready.key).exists():
            return None
        with translation.override(locked.started_by.language or None):
            if isinstance(ready.step, PersonStep):
                _ask_people(locked, ready, ready.step)
                return None
            return _ask_agent(locked, ready, ready.step)


def _ask_agent(execution: Execution, ready: Ready, step: AgentStep) -> float | None:
    row = ExecutionStep(execution=execution, key=ready.key, title=step.words)
    try:
        with transaction.atomic(), calling(Caller(through=f"workflow:{execution.name}"[:100])):
            row.run = _run(execution, ready, step)
    except DomainError as error:
        if isinstance(error, TooManyRequests | Unavailable) and not isinstance(error, BudgetSpent):
            return float(error.retry_after_s)
        row.state, row.error, row.finished_at = StepState.FAILED, str(error.message)[:500], timezone.now()
    row.save()
    return None


def _run(execution: Execution, ready: Ready, step: AgentStep) -> Run:
    """Start the run of a step, which holds what the runs before it hold."""
    agent = Agent.objects.select_related("form", "model__provider").filter(pk=step.agent).first()
    if agent is None:
        raise NotFound(_("This agent is gone."))
    values = {name: filled(text, ready.scope) for name, text in step.values.items()}
    earlier = Run.objects.filter(workflow_step__execution=execution).values_list("holds", flat=True)
    holds = {*execution.holds, *(word for words in earlier for word in words)}
    if agent.has_form:
        return form_runs.start_form_run(actor=execution.started_by, agent=agent, given=values, holds=holds)
    return start_run(actor=execution.started_by, agent=agent, question=values.get(QUESTION, ""), holds=holds)


def _ask_people(execution: Execution, ready: Ready, step: PersonStep) -> None:
    group = Group.objects.filter(pk=step.group).first() if step.group else None
    row = ExecutionStep(execution=execution, key=ready.key, title=step.words, choices=list(step.choices), group=group)
    row.text = filled(step.text, ready.scope)[:TEXT_CHARS]
    row.group_name, row.state = group.name if group else "", StepState.ASKED
    if step.group and group is None:
        row.state, row.error, row.finished_at = StepState.FAILED, _("The group that decides is gone."), timezone.now()
    row.save()
    if row.state == StepState.ASKED:
        for person in people_of(row)[:MOST_TOLD]:
            tell(person, "workflows/email/task", f"/workflows/tasks/{row.pk}/", step=row, execution=execution)
        _tell_webhooks(Webhook.Event.TASK_WAITING, execution, task=str(row.pk))


def _tell_webhooks(event: str, execution: Execution, **more: str) -> None:
    def told() -> dict[str, Any]:
        return {
            "execution": str(execution.pk),
            "workflow": str(execution.workflow_id) if execution.workflow_id else None,
            "state": execution.state,
            "url": current_tenant().address(f"/workflows/executions/{execution.pk}/"),
        }

    publish(event, f"execution:{execution.pk}", lambda: told() | more)


def people_of(row: ExecutionStep) -> Any:
    """Return the people who can decide a step."""
    if not row.group_name:
        return User.objects.filter(pk=row.execution.started_by_id)
    return User.objects.filter(groups=row.group_id, is_active=True, is_service=False).order_by("name")


def _ended(claim: Claim) -> bool:
    """End an execution of which nothing can begin any more; False when somebody had it go on meanwhile."""

    def write() -> bool:
        execution = _read(claim, is_locked=True)
        return execution is None or not execution.is_open or _is_concluded(execution, where(execution))

    return waiting.ended(claim, write)


def _is_concluded(execution: Execution, came: Walk) -> bool:
    """End an execution as its steps ended; False for one that is to go on."""
    if came.state == "open":
        return False
    if came.state == "done":
        end(execution, Execution.State.DONE, answer=_answer(execution, came))
        return True
    failed = execution.steps.filter(state__in=(StepState.FAILED, StepState.CANCELLED)).order_by("started_at").first()
    reason = f"{failed.title}: {failed.error or failed.get_state_display()}" if failed else ""
    end(execution, Execution.State.FAILED, error=reason)
    return True


def _answer(execution: Execution, came: Walk) -> str:
    """Return what it came to: the text that the workflow names, or what the agent answered that stands last and was asked."""
    flow = execution.written
    if flow.result.strip():
        return filled(flow.result, came.scope)
    named = [step.name for step, _depth in every_step(flow.steps) if isinstance(step, AgentStep)]
    asked = [name for name in named if name in came.scope]
    return filled(f"{{{{ {asked[-1]}.answer }}}}", came.scope) if asked else ""


def _parked(claim: Claim, delay_s: float | None) -> bool:
    """Wait for the end of a step, or so many seconds; False when one ended meanwhile."""
    execution = _read(claim)
    is_asked = execution is not None and not execution.steps.filter(state=StepState.OPEN).exists()

    def is_idle() -> bool:
        locked = _read(claim, is_locked=True)
        if delay_s is None and not _is_resting(locked):
            return False
        if locked is not None:
            state = Execution.State.WAITING if is_asked and delay_s is None else Execution.State.RUNNING
            Execution.objects.filter(pk=locked.pk).exclude(state=state).update(state=state)
        return True

    patience = LOOK_AGAIN_FOR_PEOPLE if is_asked and delay_s is None else LOOK_AGAIN
    until = timezone.now() + (patience if delay_s is None else timedelta(seconds=delay_s))
    return waiting.parked(claim, until=until, is_idle=is_idle)


def _is_resting(execution: Execution | None) -> bool:
    """Say whether no step can begin, and there is one left to wait for."""
    if execution is None or not execution.is_open:
        return False
    came = where(execution)
    return not came.ready and came.state == "open"


def follow(run: Run) -> None:
    """Write down what came of a step, in the checkpoint that ends its run, and have the next one begin."""
    row = ExecutionStep.objects.filter(run=run).first()
    if row is None:
        return
    Execution.objects.select_for_update().get(pk=row.execution_id)
    state = ENDS.get(Run.State(run.state), StepState.FAILED)
    about: dict[str, Any] = {"state": state, "error": run.error[:500], "finished_at": Now()}
    ExecutionStep.objects.filter(pk=row.pk).update(**about)
    execution_id = row.execution_id
    transaction.on_commit(bound(lambda: jobs.resume(object_id=execution_id, kind=EXECUTION)))


def go_on(execution: Execution) -> None:
    """Have an execution worked on."""
    about: dict[str, Any] = {"state": Execution.State.RUNNING, "error": "", "finished_at": None}
    Execution.objects.filter(pk=execution.pk).update(**about)
    jobs.enqueue(kind=EXECUTION, queue=AGENTS, object_id=execution.pk, dedupe_key=str(execution.pk))


def end(execution: Execution, state: Execution.State, *, answer: str = "", error: str = "") -> None:
    """End an execution; what waits for people waits no longer."""
    open_states = (StepState.OPEN, StepState.ASKED)
    execution.steps.filter(state__in=open_states).update(state=StepState.CANCELLED, finished_at=Now())
    about: dict[str, Any] = {"state": state, "answer": answer, "error": error[:500], "finished_at": Now()}
    Execution.objects.filter(pk=execution.pk).update(**about)
    if state == Execution.State.CANCELLED:
        return
    execution.refresh_from_db()
    _tell_webhooks(Webhook.Event.EXECUTION_FINISHED, execution)
    if not delivering.hand_over_execution(execution):
        tell(
            execution.started_by,
            "workflows/email/execution",
            f"/workflows/executions/{execution.pk}/",
            execution=execution,
        )
