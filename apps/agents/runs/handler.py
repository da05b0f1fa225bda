"""The handler of runs: who works on one, what stops one, and what becomes of one that nobody can finish."""

from django.utils import translation

from apps.agents.models import Run
from apps.agents.records import settle, text_of
from apps.agents.runs.following import BlueprintTurn
from apps.agents.runs.looping import LoopTurn
from apps.core.caller import Caller, calling
from apps.jobs.types import Claim


class Runs:
    """Handler of jobs of the kind RUN; the object is a Run."""

    def work(self, claim: Claim) -> None:
        agents = ("agent__model__provider", "variant__model__provider")
        run = Run.objects.select_related(*agents, "started_by", "project").get(pk=claim.object_id)
        language = run.started_by.language if run.started_by and run.started_by.language else None
        caller = Caller(run.asked_from or "", run.asked_with_second_factor, through=f"agent:{run.agent}")
        with translation.override(language), calling(caller):
            turn = BlueprintTurn if run.blueprint else LoopTurn
            turn(claim, run).go()

    def cancel(self, claim: Claim) -> None:
        run = Run.objects.get(pk=claim.object_id)
        settle(run, Run.State.CANCELLED, text_of(run))

    def bury(self, claim: Claim, reason: str) -> None:
        run = Run.objects.get(pk=claim.object_id)
        state = Run.State.DEAD if claim.deaths else Run.State.FAILED
        settle(run, state, text_of(run), error=reason)
