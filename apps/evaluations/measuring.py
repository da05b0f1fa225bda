"""How an experiment stands: what each side came to, and whether that is enough to end it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, OuterRef, Q, Subquery, Sum

from apps.agents.models import Run
from apps.agents.services.health import FAILED
from apps.evaluations.estimates import STRICT_Z, USUAL_Z, Estimate, Sums, difference, mean, share
from apps.evaluations.models import Experiment
from apps.usage.models import UsageRecord

LEAST_PEOPLE = 10
"""People on each side below whom nothing is decided: the intervals are those of many."""
CONTROL, CHALLENGER = Run.Arm.CONTROL.value, Run.Arm.CHALLENGER.value
MEASURES: Mapping[str, tuple[Callable[..., Estimate | None], str, str]] = {
    "rating": (share, "good", "rated"),
    "failures": (share, "failed", "ended"),
    "rules": (share, "stopped", "ended"),
    "cost": (mean, "cost", "ended"),
    "latency": (mean, "seconds", "done"),
}
"""By name how it is estimated, and from which sums: of what, in how many answers."""
IS_MORE_BETTER = {"rating": True, "failures": False, "cost": False, "latency": False}
WHOSE = ("arm", "started_by")
Verdict = Experiment.Verdict
People = dict[str, list[dict[str, float]]]


def figures_of(experiment: Experiment) -> dict[str, Any]:
    """Return the figures as JSON: `arms` with `people` and `answers`, and of each measure an estimate on each side and the difference.

    A measure is {control, challenger, difference}, each null where there is too little to say: {value, low, high, people, count}.
    Shares are from 0 to 1, cost is in US dollars, latency in seconds.
    """
    people = _sums(experiment)
    arms = {
        arm: {"people": len(rows), "answers": int(sum(row["ended"] for row in rows))} for arm, rows in people.items()
    }
    return {"arms": arms, "measures": {name: _told(people, name) for name in MEASURES}}


def verdict_on(experiment: Experiment, *, is_over: bool) -> Experiment.Verdict:
    """Return how an experiment ends, NONE while it goes on. `is_over`: its time is up."""
    people = _sums(experiment)
    goal = experiment.goal
    control, challenger = (_estimate(people, arm, goal, USUAL_Z) for arm in (CONTROL, CHALLENGER))
    counts = [each.count if each else 0 for each in (control, challenger)]
    if _has_changed(experiment):
        return Verdict.CHANGED
    if _sign(people, "failures", STRICT_Z) > 0:
        return Verdict.HARM
    if is_over or min(counts) >= experiment.enough:
        return _judged(people, goal, USUAL_Z) or Verdict.NEITHER
    return _judged(people, goal, STRICT_Z) or Verdict.NONE


def _has_changed(experiment: Experiment) -> bool:
    """Say whether one side was told by more than one version of its prompt: its label was moved meanwhile."""
    told = runs_of(experiment).order_by().values("arm").annotate(versions=Count("prompt_version", distinct=True))
    return told.filter(versions__gt=1).exists()


def _judged(people: People, goal: str, z: float) -> Experiment.Verdict | None:
    sign = _sign(people, goal, z)
    if not sign:
        return None
    return Verdict.CHALLENGER if (sign > 0) == IS_MORE_BETTER[goal] else Verdict.CONTROL


def _sign(people: People, measure: str, z: float) -> int:
    """Return whether the challenger has surely more (1) or less (-1), 0 where that is not sure or too few people asked."""
    control, challenger = (_estimate(people, arm, measure, z) for arm in (CONTROL, CHALLENGER))
    if control is None or challenger is None or min(control.people, challenger.people) < LEAST_PEOPLE:
        return 0
    return difference(control, challenger).sign


def _estimate(people: People, arm: str, measure: str, z: float) -> Estimate | None:
    estimate, of, among = MEASURES[measure]
    sums: Sums = [(row[of], int(row[among])) for row in people[arm]]
    return estimate(sums, z)


def _told(people: People, measure: str) -> dict[str, Any]:
    control, challenger = (_estimate(people, arm, measure, USUAL_Z) for arm in (CONTROL, CHALLENGER))
    both = asdict(difference(control, challenger)) if control and challenger else None
    told = {arm: asdict(each) if each else None for arm, each in ((CONTROL, control), (CHALLENGER, challenger))}
    return {**told, "difference": both}


def runs_of(experiment: Experiment) -> Any:
    """Return the runs that somebody began in an experiment."""
    found = Run.objects.filter(agent=experiment.agent_id, created_at__gte=experiment.created_at, parent=None)
    found = found.exclude(arm=Run.Arm.NONE)
    return found.filter(created_at__lte=experiment.ended_at) if experiment.ended_at else found


def _sums(experiment: Experiment) -> People:
    """Return the sums of each person on each side."""
    runs = runs_of(experiment)
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    ended = Q(state__in=(*FAILED, Run.State.SUCCEEDED))
    rows = (
        runs.order_by()
        .values(*WHOSE)
        .annotate(
            ended=Count("pk", filter=ended),
            done=Count("pk", filter=Q(state=Run.State.SUCCEEDED)),
            failed=Count("pk", filter=Q(state__in=FAILED)),
            stopped=Count("pk", filter=Q(error_code="rule_blocked")),
            rated=Count("message__feedback"),
            good=Count("message__feedback", filter=Q(message__feedback__is_good=True)),
            took=Sum(took, filter=Q(state=Run.State.SUCCEEDED)),
        )
    )
    costs = _costs(runs.filter(ended))
    people: People = {CONTROL: [], CHALLENGER: []}
    for row in rows:
        row["seconds"] = row["took"].total_seconds() if row["took"] else 0.0
        row["cost"] = costs[row["arm"], row["started_by"]]
        people[row["arm"]].append(row)
    return people


def _costs(runs: Any) -> dict[tuple[str, Any], float]:
    """Return what the answers to each person cost on each side, with what was asked of other agents for them."""
    found: dict[tuple[str, Any], float] = defaultdict(float)
    rows: Any
    for rows, before in ((runs, ""), (Run.objects.filter(parent__in=runs.values("pk")), "parent__")):
        of = {name: Subquery(rows.order_by().filter(pk=OuterRef("run_id")).values(f"{before}{name}")) for name in WHOSE}
        spent = UsageRecord.objects.filter(run_id__in=rows.order_by().values("pk")).annotate(**of)
        for row in spent.order_by().values(*WHOSE).annotate(sum=Sum("cost")):
            found[row["arm"], row["started_by"]] += float(row["sum"])
    return found
