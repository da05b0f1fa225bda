"""The worker side of evaluations: keep a few cases asked at a time and grade what comes, until each has its end."""

import json
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.agents import composing
from apps.agents.models import Agent, Run
from apps.agents.registry import tools_of
from apps.agents.services import versions
from apps.agents.services.form_runs import form_for
from apps.agents.services.runs import start_run
from apps.core.caller import Caller, calling
from apps.core.errors import DomainError, Forbidden, TooManyRequests, Unavailable
from apps.core.tenancy import bound
from apps.evaluations.errors import CannotGrade, GradeLater
from apps.evaluations.grading import grade
from apps.evaluations.models import CaseResult, EvaluationRun
from apps.evaluations.types import EVALUATION, Grade
from apps.jobs import engine, waiting
from apps.jobs import services as jobs
from apps.jobs.types import Claim
from apps.usage.errors import BudgetSpent

WIDTH = 4
"""Cases that are asked at once."""
MOST_TRIES = 3
LOOK_AGAIN = timedelta(minutes=2)
State = CaseResult.State


class Evaluations:
    """Handler of jobs of the kind EVALUATION; the object is an EvaluationRun."""

    def work(self, claim: Claim) -> None:
        while True:
            claim.ensure_held()
            row = _read(claim)
            if row is None or row.state != EvaluationRun.State.RUNNING or not _left(row).exists():
                if _ended(claim):
                    return
                continue
            result = _next(row)
            delay_s = _advance(claim, row, result) if result is not None else None
            if (result is None or delay_s is not None) and _parked(claim, delay_s):
                return

    def cancel(self, claim: Claim) -> None:
        row = _read(claim, is_locked=True)
        if row is not None:
            end(row, EvaluationRun.State.STOPPED)

    def bury(self, claim: Claim, reason: str) -> None:
        row = _read(claim, is_locked=True)
        if row is not None:
            end(row, EvaluationRun.State.STOPPED, reason)


def _read(claim: Claim, *, is_locked: bool = False) -> EvaluationRun | None:
    """Return the evaluation, None when it is gone with its agent."""
    found = EvaluationRun.objects.select_related("evaluation_set__agent", "started_by")
    found = found.select_for_update(of=("self",)) if is_locked else found
    return found.filter(pk=claim.object_id).first()


def _left(row: EvaluationRun) -> Any:
    return row.results.filter(state__in=(State.WAITING, State.ASKED))


def _next(row: EvaluationRun) -> CaseResult | None:
    """Return the result to grade next, or the one to ask; None while there is nothing but to wait."""
    about = ("evaluation_run__evaluation_set__agent", "evaluation_run__started_by")
    asked = row.results.filter(state=State.ASKED)
    ready = asked.filter(Q(run=None) | Q(run__state__in=Run.FINAL))
    answered = ready.select_related("run", *about).order_by("number").first()
    if answered is not None or asked.count() >= WIDTH:
        return answered
    return row.results.filter(state=State.WAITING).select_related(*about).order_by("number").first()


def _advance(claim: Claim, row: EvaluationRun, result: CaseResult) -> float | None:
    """Ask one case or grade its answer; return after how many seconds to try again, None when that is done."""
    through = Caller(through=f"evaluation:{row.evaluation_set}")
    with translation.override(getattr(row.started_by, "language", "") or None), calling(through):
        if result.state == State.WAITING:
            with engine.checkpoint(claim):
                locked = row.results.select_for_update().filter(pk=result.pk, state=State.WAITING).exists()
                return _start(row, result) if locked else None
        return _graded(claim, row, result)


def _start(row: EvaluationRun, result: CaseResult) -> float | None:
    """Ask one case, in the name of who started the evaluation; what may not be asked is written down."""
    try:
        with transaction.atomic():
            run = _asked(row, result)
    except (BudgetSpent, Forbidden) as stopped:
        end(row, EvaluationRun.State.STOPPED, str(stopped.message))
    except (TooManyRequests, Unavailable) as later:
        return float(later.retry_after_s)
    except DomainError as error:
        _note(result, State.BROKEN, reason=str(error.message))
    else:
        _note(result, State.ASKED, run=run)
    return None


def _asked(row: EvaluationRun, result: CaseResult) -> Run:
    agent = agent_of(row)
    if row.started_by is None:
        raise Forbidden(_("You may not ask this agent (any more)."))
    if agent is None:
        raise Forbidden(_("There is no draft (any more)."))
    form = composing.fill_in(form_for(agent), result.values, row.started_by) if agent.has_form else None
    return start_run(
        actor=row.started_by,
        agent=agent,
        question=form.question if form else result.question,
        form=form,
        tools=harmless(agent),
        is_trial=True,
    )


def agent_of(row: EvaluationRun) -> Agent | None:
    """Return what is evaluated: the agent, or its draft, None when that is gone."""
    agent: Agent = row.evaluation_set.agent
    return Agent.objects.filter(draft_of=agent).first() if row.is_draft else agent


def content_of(agent: Agent) -> dict[str, Any]:
    """Return what an agent is, and which version of its prompt its label stands on now: what an evaluation holds for."""
    version = composing.version_of(agent)
    return versions.content_of(agent) | {"told": str(version.pk) if version else None}


def harmless(agent: Agent) -> list[str]:
    """Return the tools that read alone, of an agent and of those that it may ask: an evaluation sends nothing and changes nothing."""
    found: dict[str, None] = {}
    seen, left = {agent.pk}, [agent]
    while left:
        for held in tools_of(left.pop()):
            if held.tool.risk == "read":
                found[held.key] = None
            colleagues = held.grant.colleagues.all() if held.grant and held.tool.takes == "colleagues" else ()
            left += [each for each in colleagues if each.pk not in seen]
            seen |= {each.pk for each in colleagues}
    return list(found)


def _graded(claim: Claim, row: EvaluationRun, result: CaseResult) -> float | None:
    """Grade an answer and write that down; return after how many seconds to try again what may pass by itself."""
    try:
        found = grade(_answered(result))
    except BudgetSpent as stopped:
        with engine.checkpoint(claim):
            end(row, EvaluationRun.State.STOPPED, str(stopped.message))
    except CannotGrade as never:
        _write(claim, result, State.BROKEN, reason=never.sentence)
    except GradeLater as later:
        is_over = result.tries + 1 >= MOST_TRIES
        _write(claim, result, State.BROKEN if is_over else State.ASKED, reason=later.sentence, tries=result.tries + 1)
        return None if is_over else later.delay_s
    else:
        _write(claim, result, _state_for(found, result), score=found.score, reason=found.reason)
    return None


def _answered(result: CaseResult) -> CaseResult:
    """Give a result the answer of its run. Raises CannotGrade for a run that came to no answer."""
    run = result.run
    if run is None or run.state != Run.State.SUCCEEDED:
        raise CannotGrade(run.error if run else _("The run is gone."))
    result.answer = run.answer if run.result is None else json.dumps(run.result, ensure_ascii=False)
    return result


def _state_for(found: Grade, result: CaseResult) -> CaseResult.State:
    least = result.threshold if result.grader in ("similar", "judge") else 1.0
    return State.PASSED if found.score >= least else State.FAILED


def _write(claim: Claim, result: CaseResult, state: CaseResult.State, **fields: Any) -> None:
    with engine.checkpoint(claim):
        _note(result, state, answer=result.answer, **fields)


def _note(result: CaseResult, state: CaseResult.State, *, reason: str = "", **fields: Any) -> None:
    CaseResult.objects.filter(pk=result.pk).update(state=state, reason=reason[:500], **fields)


def _ended(claim: Claim) -> bool:
    """End the job of an evaluation that has nothing more to do; False when there is more by now."""

    def write() -> bool:
        row = _read(claim, is_locked=True)
        is_running = row is not None and row.state == EvaluationRun.State.RUNNING
        if row is None or not is_running or _left(row).exists():
            return not is_running
        _conclude(row)
        return True

    return waiting.ended(claim, write)


def _conclude(row: EvaluationRun) -> None:
    """End an evaluation of which every case is graded; one whose agent is another by now holds for neither."""
    agent = agent_of(row)
    if agent is not None and content_of(agent) == row.content:
        end(row, EvaluationRun.State.DONE)
    else:
        end(row, EvaluationRun.State.STOPPED, _("It was changed while it was evaluated. Run the set again."))


def _parked(claim: Claim, delay_s: float | None) -> bool:
    """Wait for the end of a run, or so many seconds; False when one ended meanwhile."""

    def is_idle() -> bool:
        row = _read(claim, is_locked=True) if delay_s is None else None
        return delay_s is not None or (row is not None and _next(row) is None and _left(row).exists())

    until = timezone.now() + (LOOK_AGAIN if delay_s is None else timedelta(seconds=delay_s))
    return waiting.parked(claim, until=until, is_idle=is_idle)


def follow(run: Run) -> None:
    """Have an answer graded, in the checkpoint that ends its run."""
    evaluation_id = CaseResult.objects.filter(run=run).values_list("evaluation_run_id", flat=True).first()
    if evaluation_id is None:
        return
    EvaluationRun.objects.select_for_update().get(pk=evaluation_id)
    transaction.on_commit(bound(lambda: jobs.resume(object_id=evaluation_id, kind=EVALUATION)))


def end(row: EvaluationRun, state: EvaluationRun.State, reason: str = "") -> None:
    """End an evaluation; cases that are left are not asked any more."""
    EvaluationRun.objects.filter(pk=row.pk).update(state=state, reason=reason[:300], finished_at=Now())
