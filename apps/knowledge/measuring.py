"""The worker side of a measurement: every labelled question goes through the real search, and the places of what should be found are kept."""

from typing import Any

from apps.jobs import engine
from apps.jobs.models import Job
from apps.jobs.types import Claim
from apps.knowledge.models import Measurement, Question
from apps.knowledge.ranking import Tally
from apps.knowledge.search import search
from apps.knowledge.types import Hit

MEASURE = "collection.measure"
DEPTH = 10
FIGURES = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")


class Measuring:
    """Handler of jobs of the kind MEASURE; the object is a Measurement."""

    def work(self, claim: Claim) -> None:
        measurement = Measurement.objects.select_related("knowledge_base").filter(pk=claim.object_id).first()
        if measurement is None:
            with engine.settlement(claim, Job.State.CANCELLED):
                return
        tally, ranks = Tally(), []
        for question in measurement.knowledge_base.questions.labelled().order_by("text"):
            claim.ensure_held()
            rank = _rank(question, search(question.text, [measurement.knowledge_base], limit=DEPTH))
            tally.add(rank, None)
            ranks.append({"question": question.text, "rank": None if rank is None else rank + 1})
        figures = tally.figures()
        with engine.settlement(claim, Job.State.SUCCEEDED):
            _store(measurement, state=Measurement.State.DONE, ranks=ranks, figures={k: figures[k] for k in FIGURES})

    def cancel(self, claim: Claim) -> None:
        Measurement.objects.filter(pk=claim.object_id).delete()

    def bury(self, claim: Claim, reason: str) -> None:
        Measurement.objects.filter(pk=claim.object_id).update(state=Measurement.State.FAILED)


def _rank(question: Question, hits: list[Hit]) -> int | None:
    """Return the place, from 0, of the first passage that answers; None: not among them."""
    quote = " ".join(question.quote.casefold().split())
    for place, hit in enumerate(hits):
        if hit.document == question.document_name and quote in " ".join(hit.text.casefold().split()):
            return place
    return None


def _store(measurement: Measurement, **values: Any) -> None:
    Measurement.objects.filter(pk=measurement.pk).update(**values)
