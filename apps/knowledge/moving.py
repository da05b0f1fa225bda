"""The worker side of a collection's move to another embedding model: batch by batch beside the standing vectors, then at one blow.

The old vectors answer until every passage has its new one; documents that are read meanwhile are taken along.
"""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from apps.jobs import engine
from apps.jobs.errors import JobCancelled, RetryLater
from apps.jobs.models import Job
from apps.jobs.types import Claim
from apps.knowledge.embedding import BATCH, Space, embed_passages, store_vectors
from apps.knowledge.indexing import searchable_chunk
from apps.knowledge.models import Chunk, KnowledgeBase
from apps.knowledge.search import SEARCHES
from apps.providers.errors import ProviderError, TransientError
from apps.providers.types import Vectors
from apps.usage.errors import BudgetSpent

MOVE = "collection.embed"


class Moving:
    """Handler of jobs of the kind MOVE; the object is a KnowledgeBase."""

    def work(self, claim: Claim) -> None:
        base = KnowledgeBase.objects.select_related("next_model__provider").filter(pk=claim.object_id).first()
        if base is None or not base.is_moving:  # deleted, or stopped, while it waited
            with engine.settlement(claim, Job.State.CANCELLED):
                return
        try:
            while not self._step(claim, base):
                pass
        except JobCancelled:
            with engine.settlement(claim, Job.State.CANCELLED):
                stop(base)
        except TransientError as error:
            raise RetryLater(_(error.sentence), delay_s=error.wait_s(claim.attempts)) from error
        except ProviderError as error:
            self._fail(claim, base, _(error.sentence))
        except BudgetSpent as error:
            self._fail(claim, base, str(error.message))

    def cancel(self, claim: Claim) -> None:
        base = KnowledgeBase.objects.filter(pk=claim.object_id).first()
        if base:
            stop(base)

    def bury(self, claim: Claim, reason: str) -> None:
        base = KnowledgeBase.objects.filter(pk=claim.object_id).first()
        if base:
            stop(base, error=translation.gettext("It failed again and again. Try again, or ask your administrator."))

    def _step(self, claim: Claim, base: KnowledgeBase) -> bool:
        """Embed one batch, or end the move when nothing is left. True: it has ended."""
        claim.ensure_held()
        space = Space(base.next_model)
        chunks = list(missing(base, space).select_related("document")[:BATCH])
        if not chunks:
            return self._arrive(claim, base, space)
        vectors = embed_passages(space, [searchable_chunk(chunk) for chunk in chunks])
        if vectors is None:
            self._fail(claim, base, _("The built-in embedding model is not installed."))
            return True
        with engine.turn(claim):
            store_if_same(space, chunks, vectors)
            left, total = missing(base, space).count(), max(1, base_chunks(base))
            KnowledgeBase.objects.filter(pk=base.pk).update(moved_percent=min(99, 100 - round(100 * left / total)))
        return False

    def _arrive(self, claim: Claim, base: KnowledgeBase, space: Space) -> bool:
        """Search by the new vectors from here on, unless a document has come meanwhile."""
        try:
            with engine.settlement(claim, Job.State.SUCCEEDED):
                locked = (
                    KnowledgeBase.objects.select_for_update(of=("self",))
                    .select_related("embedding_model")
                    .get(pk=base.pk)
                )
                if missing(base, space).exists():
                    raise _NotYet  # noqa: TRY301  it takes the settlement back
                former = Space(locked.embedding_model)
                former.table.objects.filter(knowledge_base=base, space=former.id).delete()  # type: ignore[attr-defined]
                KnowledgeBase.objects.filter(pk=base.pk).update(
                    embedding_model=base.next_model, next_model=None, is_moving=False, moved_percent=0, move_error=""
                )
                SEARCHES.forget()
        except _NotYet:
            return False
        return True

    def _fail(self, claim: Claim, base: KnowledgeBase, reason: str) -> None:
        with engine.settlement(claim, Job.State.FAILED, error="embedding_failed"):
            stop(base, error=reason)


class _NotYet(Exception):
    """Passages have come that have no new vector."""


def missing(base: KnowledgeBase, space: Space) -> QuerySet[Chunk]:
    """Return the passages of a collection that have no vector in a space."""
    known = space.table.objects.filter(chunk=OuterRef("pk"), space=space.id)  # type: ignore[attr-defined]
    return Chunk.objects.filter(~Exists(known), knowledge_base=base, is_left_out=False).order_by("pk")


def store_if_same(space: Space, chunks: Sequence[Chunk], vectors: Vectors) -> None:
    """Store vectors of the chunks that are what they were when they were embedded: none was deleted, changed or left out meanwhile."""
    same = Chunk.objects.select_for_update().filter(pk__in=[chunk.pk for chunk in chunks], is_left_out=False)
    texts = dict(same.order_by("pk").values_list("pk", "text"))
    kept = [(c, v) for c, v in zip(chunks, vectors, strict=True) if texts.get(c.pk) == c.text]
    store_vectors(space, [c for c, _v in kept], [v for _c, v in kept])  # type: ignore[arg-type]


def base_chunks(base: KnowledgeBase) -> int:
    return Chunk.objects.filter(knowledge_base=base, is_left_out=False).count()


def stop(base: KnowledgeBase, *, error: str = "") -> None:
    """End a move that did not arrive: what it made goes, and the collection is searched as before."""
    fresh = KnowledgeBase.objects.select_related("next_model", "embedding_model").get(pk=base.pk)
    space = Space(fresh.next_model)
    if fresh.is_moving and space.id != Space(fresh.embedding_model).id:
        space.table.objects.filter(knowledge_base=base, space=space.id).delete()  # type: ignore[attr-defined]
    KnowledgeBase.objects.filter(pk=base.pk).update(
        is_moving=False, next_model=None, moved_percent=0, move_error=error[:300]
    )
