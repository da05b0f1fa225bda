"""The worker side of changed passages: what has no vector in its collection's space gets one, a batch at a time."""

from uuid import UUID

from django.utils.translation import gettext as _

from apps.jobs import engine
from apps.jobs.errors import RetryLater
from apps.jobs.models import Job
from apps.jobs.types import Claim
from apps.knowledge.embedding import BATCH, Space, embed_passages
from apps.knowledge.indexing import searchable_chunk
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.moving import missing, store_if_same
from apps.providers.errors import ProviderError, TransientError
from apps.usage.errors import BudgetSpent

MEND = "passages.embed"


class Mending:
    """Handler of jobs of the kind MEND; the object is a Document. Where no vector can be had the passages are found by their words."""

    def work(self, claim: Claim) -> None:
        try:
            while self._step(claim):
                pass
        except TransientError as error:
            raise RetryLater(_(error.sentence), delay_s=error.wait_s(claim.attempts)) from error
        except (ProviderError, BudgetSpent):
            with engine.settlement(claim, Job.State.FAILED, error="embedding_failed"):
                return
        with engine.settlement(claim, Job.State.SUCCEEDED):
            return

    def cancel(self, claim: Claim) -> None:
        """Nothing is half done."""

    def bury(self, claim: Claim, reason: str) -> None:
        """Nothing is half done."""

    def _step(self, claim: Claim) -> bool:
        """Embed one batch. False: nothing is left, or there is no model."""
        claim.ensure_held()
        base = _base_of(claim.object_id)
        if base is None:
            return False
        space = Space(base.embedding_model)
        chunks = list(missing(base, space).filter(document=claim.object_id).select_related("document")[:BATCH])
        vectors = embed_passages(space, [searchable_chunk(chunk) for chunk in chunks]) if chunks else None
        if vectors is None:
            return False
        with engine.turn(claim):
            store_if_same(space, chunks, vectors)
        return True


def _base_of(document: UUID) -> KnowledgeBase | None:
    bases = KnowledgeBase.objects.select_related("embedding_model__provider")
    return bases.filter(pk__in=Document.objects.filter(pk=document).values("knowledge_base")).first()
