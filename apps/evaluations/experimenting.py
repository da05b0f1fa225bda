"""The worker side of experiments: look from time to time at how one stands, and end it when that is known."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.telling import tell
from apps.agents.services.drafts import withdraw_draft
from apps.audit.services.trail import record
from apps.evaluations import actions
from apps.evaluations.measuring import figures_of, verdict_on
from apps.evaluations.models import Experiment
from apps.jobs import engine
from apps.jobs.models import Job
from apps.jobs.types import Claim

EVERY = timedelta(minutes=30)


class Experiments:
    """Handler of jobs of the kind EXPERIMENT; the object is an Experiment."""

    def work(self, claim: Claim) -> None:
        claim.ensure_held()
        row, now = _read(claim), timezone.now()
        verdict = verdict_on(row, is_over=row.until <= now) if row is not None else Experiment.Verdict.NONE
        if row is None or verdict:
            with engine.settlement(claim, Job.State.SUCCEEDED):
                if row is not None:
                    end(row, verdict)
            return
        with engine.parking(claim, until=min(row.until, now + EVERY)):
            pass

    def cancel(self, claim: Claim) -> None:
        """Whoever cancels it has ended the experiment."""

    def bury(self, claim: Claim, reason: str) -> None:
        row = _read(claim)
        if row is not None:
            end(row, Experiment.Verdict.STOPPED)


def _read(claim: Claim) -> Experiment | None:
    """Return the experiment, None when it has ended or is gone."""
    found = Experiment.objects.filter(pk=claim.object_id, state=Experiment.State.RUNNING)
    return found.select_related("agent", "started_by").first()


def end(row: Experiment, verdict: Experiment.Verdict, *, actor: Any = None) -> bool:
    """End an experiment: what is published answers everybody, and what both came to is kept. False for one that has ended.

    Part of the caller's transaction.
    """
    locked = Experiment.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if locked.state == Experiment.State.ENDED:
        return False
    withdraw_draft(agent=locked.agent)
    locked.state, locked.verdict, locked.ended_at = Experiment.State.ENDED, verdict, timezone.now()
    locked.figures = figures_of(locked)
    locked.save(update_fields=["state", "verdict", "ended_at", "figures", "updated_at"])
    record(actions.EXPERIMENT_ENDED, actor=actor, target=locked, after={"outcome": verdict.value})
    if actor is None and locked.started_by is not None:
        about = {"experiment": locked, "agent": locked.agent}
        tell(locked.started_by, "evaluations/email/experiment", f"/experiments/{locked.pk}/", **about)
    return True
