"""How much one run may take: seconds of work and tokens, beside its steps. Waiting for people and other agents takes nothing."""

from collections.abc import Sequence

from django.db.models import ExpressionWrapper, F, Sum, fields
from django.utils.translation import gettext as _

from apps.agents.models import Run, RunEvent
from apps.tenants.options import RUN_MINUTES, RUN_TOKENS
from apps.tenants.resolver import Place, resolve


class CapReached(Exception):
    """The run has used up what it may take; `sentence` is for people, `code` for programs."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(code)
        self.sentence, self.code = sentence, code


def check(run: Run, places: Sequence[Place]) -> None:
    """Raise CapReached once a run may take no further step."""
    tokens = resolve(RUN_TOKENS, places).value
    if run.input_tokens + run.output_tokens >= tokens:
        raise CapReached(
            _("It used up its %(n)d tokens without coming to an answer.") % {"n": tokens}, "tokens_used_up"
        )
    minutes = resolve(RUN_MINUTES, places).value
    if worked_s(run) >= 60 * minutes:
        raise CapReached(_("It worked for %(n)d minutes without coming to an answer.") % {"n": minutes}, "time_used_up")


def worked_s(run: Run) -> float:
    """Return the seconds that a run's calls took; what a program called is in the program's own."""
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=fields.DurationField())
    calls = run.events.exclude(kind=RunEvent.Kind.STEP).exclude(payload__contains={"is_inside": True})
    total = calls.aggregate(total=Sum(took))["total"]
    return total.total_seconds() if total else 0.0
