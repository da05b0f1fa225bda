"""Runs of evaluation sets: started, stopped, compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.agents.services.behaviour import require_change
from apps.agents.types import RUN
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.evaluations import actions, evaluating
from apps.evaluations.grading import space_of
from apps.evaluations.models import CaseResult, EvaluationRun, EvaluationSet, Grader
from apps.evaluations.types import EVALUATION
from apps.jobs import services as jobs
from apps.jobs.types import AGENTS
from apps.providers.registry import default_model, has_embedding_model

State = EvaluationRun.State
COPIED = ("question", "values", "grader", "expected", "threshold")


@dataclass(frozen=True)
class Compared:
    """A case in two runs: its result in the later one, and in the one before where it was asked there, too."""

    after: CaseResult
    before: CaseResult | None
    change: Literal["better", "worse", "same", "new"]


@transaction.atomic
def start_evaluation(*, actor: Any, evaluation_set: EvaluationSet, is_draft: bool = False) -> EvaluationRun:
    """Have all cases of a set asked, of what is published or of the draft, in the actor's name.

    Raises Forbidden, Conflict for a set that runs already or has no case, and without a draft, InvalidInput when its cases want a
    model that is not there, and what admission to the queue raises.
    """
    about = ("agent", "judge__provider", "embedder__provider")
    evaluation_set = (
        EvaluationSet.objects.select_for_update(of=("self",)).select_related(*about).get(pk=evaluation_set.pk)
    )
    agent = evaluation_set.agent
    require_change(actor, agent)
    if evaluation_set.runs.filter(state=State.RUNNING).exists():
        raise Conflict(_("It runs already."), code="evaluation_running")
    cases = list(evaluation_set.cases.all())
    if not cases:
        raise Conflict(_("There is no case in it. Add one first."))
    _require_graders(evaluation_set, {case.grader for case in cases})
    asked = Agent.objects.filter(draft_of=agent).first() if is_draft else agent
    if asked is None:
        raise Conflict(_("There is no draft (any more)."))
    row = EvaluationRun.objects.create(
        evaluation_set=evaluation_set,
        is_draft=is_draft,
        version=None if is_draft else agent.versions.first(),
        content=evaluating.content_of(asked),
        started_by=actor,
    )
    CaseResult.objects.bulk_create(
        CaseResult(evaluation_run=row, case=case, number=number, **{name: getattr(case, name) for name in COPIED})
        for number, case in enumerate(cases, start=1)
    )
    after = {"cases": len(cases), "of": "draft" if is_draft else "published"}
    record(actions.EVALUATION_STARTED, actor=actor, target=evaluation_set, after=after)
    jobs.enqueue(kind=EVALUATION, queue=AGENTS, object_id=row.pk, dedupe_key=str(row.pk))
    return row


def _require_graders(evaluation_set: EvaluationSet, graders: set[str]) -> None:
    """Raise InvalidInput when a model that grades is not there."""
    if Grader.JUDGE in graders and (evaluation_set.judge or default_model()).provider.is_built_in:
        words = _("The built-in model cannot judge answers. Choose a model that judges in the set's settings.")
        raise InvalidInput(words, field="judge")
    if Grader.SIMILAR in graders and space_of(evaluation_set.embedder).model is None and not has_embedding_model():
        raise InvalidInput(_("There is no model that compares meanings."), field="embedder")


@transaction.atomic
def stop_evaluation(*, actor: Any, evaluation_run: EvaluationRun) -> None:
    """Ask no further case, and stop those on their way; what is graded stays. Raises Forbidden, Conflict for one that has ended."""
    require_change(actor, evaluation_run.evaluation_set.agent)
    if evaluation_run.state != State.RUNNING:
        raise Conflict(_("It has ended already."))
    jobs.cancel(object_id=evaluation_run.pk, kind=EVALUATION)  # jobs first, as workers lock them
    asked = evaluation_run.results.filter(state=CaseResult.State.ASKED, run__isnull=False)
    jobs.cancel_all(kind=RUN, object_ids=list(asked.values_list("run_id", flat=True)))
    evaluating.end(EvaluationRun.objects.select_for_update().get(pk=evaluation_run.pk), State.STOPPED)
    record(actions.EVALUATION_STOPPED, actor=actor, target=evaluation_run.evaluation_set)


def compared(before: EvaluationRun, after: EvaluationRun) -> list[Compared]:
    """Return every case of the later run beside the one before, those that came out otherwise first."""
    former = {result.case_id: result for result in before.results.all() if result.case_id}
    results = after.results.select_related("run").order_by("number")
    found = [_compared(former.get(result.case_id) if result.case_id else None, result) for result in results]
    return sorted(found, key=lambda each: _ORDER[each.change])


_ORDER: Mapping[str, int] = {"worse": 0, "better": 1, "new": 2, "same": 3}


def _compared(before: CaseResult | None, after: CaseResult) -> Compared:
    if before is None:
        return Compared(after, None, "new")
    did, does = (each.state == CaseResult.State.PASSED for each in (before, after))
    return Compared(after, before, "same" if did == does else "better" if does else "worse")
