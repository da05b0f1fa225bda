"""What can be done with executions of workflows: start, stop, have one go on from where it failed, forget it; decide what waits for people."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.agents.types import RUN
from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.jobs import services as jobs
from apps.workflows import actions, executing
from apps.workflows.executing import StepState
from apps.workflows.models import Execution, ExecutionStep, Workflow
from apps.workflows.types import EXECUTION

COMMENT_CHARS = 2_000


@transaction.atomic
def start_execution(
    *, actor: Any, workflow: Workflow, given: Mapping[str, Any], idempotency_key: str = ""
) -> Execution:
    """Start a workflow with what was filled in; the same idempotency key gives the same execution.

    Raises Forbidden, Conflict for one that holds problems and for a key that was used for something else, InvalidInput at
    `values.<name>`, and what admission to the queue raises.
    """
    return executing.open_execution(actor=actor, workflow=workflow, given=given, idempotency_key=idempotency_key)


@transaction.atomic
def stop_execution(*, actor: Any, execution: Execution) -> None:
    """Begin no further step, and stop those on their way; what is done stays. Raises Forbidden, Conflict for one that has ended."""
    require_stopping(actor, execution)
    jobs.cancel(object_id=execution.pk, kind=EXECUTION)  # jobs first: a worker locks its job before the execution
    runs = execution.steps.filter(state=StepState.OPEN, run__isnull=False).values_list("run_id", flat=True)
    jobs.cancel_all(kind=RUN, object_ids=list(runs))
    locked = Execution.objects.select_for_update(of=("self",)).get(pk=execution.pk)
    if not locked.is_open:
        raise Conflict(_("It has ended already."))
    executing.end(locked, Execution.State.CANCELLED)
    record(actions.EXECUTION_STOPPED, actor=actor, target=execution)


@transaction.atomic
def go_on(*, actor: Any, execution: Execution) -> None:
    """Have an execution go on from where it failed or was stopped: steps that are done stay done. Raises Forbidden, Conflict."""
    if execution.started_by_id != actor.pk:
        raise Forbidden(_("Who started it has it go on: it asks in their name."))
    if jobs.is_active(object_id=execution.pk, kind=EXECUTION):
        raise Conflict(_("Wait until it has ended."))
    locked = Execution.objects.select_for_update(of=("self",)).get(pk=execution.pk)
    if locked.state not in (Execution.State.FAILED, Execution.State.CANCELLED):
        raise Conflict(_("There is no step that failed."))
    locked.steps.exclude(state=StepState.DONE).delete()
    record(actions.EXECUTION_AGAIN, actor=actor, target=locked)
    executing.go_on(locked)


@transaction.atomic
def remove_execution(*, actor: Any, execution: Execution) -> None:
    """Forget what a workflow came to; its runs stay. Raises Forbidden, Conflict while it runs."""
    require_stopping(actor, execution)
    if execution.is_open:
        raise Conflict(_("Stop it first."))
    record(actions.EXECUTION_REMOVED, actor=actor, target=execution)
    execution.delete()


@transaction.atomic
def decide(*, actor: Any, step: ExecutionStep, choice: str, comment: str = "") -> ExecutionStep:
    """Say what a workflow waits for. Raises Forbidden, Conflict when it is decided or no longer needed, InvalidInput at `choice`."""
    jobs.hold(object_id=step.execution_id, kind=EXECUTION)
    execution = Execution.objects.select_for_update(of=("self",)).get(pk=step.execution_id)
    row = ExecutionStep.objects.select_for_update(of=("self",)).get(pk=step.pk)
    if row.state != StepState.ASKED:
        raise Conflict(_("This has been decided, or is no longer needed."), code="not_waiting")
    if not ExecutionStep.objects.for_decision_by(actor).filter(pk=row.pk).exists():
        raise Forbidden(_("This is not yours to decide."))
    if choice not in row.choices:
        raise InvalidInput(_("Choose one of: %(choices)s.") % {"choices": ", ".join(row.choices)}, field="choice")
    comment = comment.replace("\0", "").strip()
    if len(comment) > COMMENT_CHARS:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": COMMENT_CHARS}, field="comment")
    row.gives = {"choice": choice, "comment": comment, "person": actor.name}
    row.state, row.answered_by = StepState.DONE, actor
    row.save(update_fields=["gives", "state", "answered_by"])
    ExecutionStep.objects.filter(pk=row.pk).update(finished_at=Now())
    Execution.objects.filter(pk=execution.pk).update(state=Execution.State.RUNNING)
    record(actions.STEP_DECIDED, actor=actor, target=execution, after={"step": row.title, **row.gives})
    jobs.resume(object_id=execution.pk, kind=EXECUTION)
    return row


def require_stopping(actor: Any, execution: Execution) -> None:
    """Raise Forbidden unless the execution is the actor's, or they look after everybody's."""
    if not Execution.objects.stoppable_by(actor).filter(pk=execution.pk).exists():
        raise Forbidden(_("You may not do this. Your administrator can give you access."))
