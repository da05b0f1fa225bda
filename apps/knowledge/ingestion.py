"""The worker side of a document: check, read, split, embed, store. Only the last checkpoint makes it searchable.

A large one is embedded in turns: each is kept, and others' work that is due meanwhile goes first.
"""

from pathlib import Path
from uuid import UUID

import structlog
from django.utils import translation

from apps.core.language import language_of
from apps.integrations.models import Webhook
from apps.integrations.publishing import publish
from apps.jobs import engine
from apps.jobs.errors import RetryLater
from apps.jobs.models import Job
from apps.jobs.types import Claim
from apps.knowledge import turns
from apps.knowledge.embedding import BATCH, Space, embed_passages, joined
from apps.knowledge.errors import UnreadableDocument
from apps.knowledge.events import document_ready
from apps.knowledge.indexing import forget_pieces, searchable, store_pieces
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.parsers import read_file, read_scan, scan_languages, sniff, unreadable
from apps.knowledge.splitter import split
from apps.knowledge.types import Block, Piece
from apps.providers.errors import ProviderError, TransientError
from apps.providers.types import Vectors
from apps.usage.errors import BudgetSpent

LARGE, TURN = 64, 8
"""Pieces: from which on a document is read in turns, and how many a turn is with the built-in model (under half a second)."""
log = structlog.get_logger(__name__)


class Ingestion:
    """Handler of jobs of the kind INGEST; the object is a Document."""

    def work(self, claim: Claim) -> None:
        document = Document.objects.select_related("uploaded_by").filter(pk=claim.object_id).first()
        if document is None:  # deleted while it waited
            with engine.settlement(claim, Job.State.CANCELLED):
                return
        with translation.override(document.uploaded_by.language if document.uploaded_by else None):
            try:
                self._ingest(claim, document)
            except TransientError as error:
                raise RetryLater(translation.gettext(error.sentence), delay_s=error.wait_s(claim.attempts)) from error
            except (ProviderError, BudgetSpent) as error:
                with engine.settlement(claim, Job.State.FAILED, error="embedding_failed"):
                    _fail(document, _sentence(error))
            except UnreadableDocument as error:
                with engine.settlement(claim, Job.State.FAILED, error=error.code):
                    _fail(document, error.sentence)

    def cancel(self, claim: Claim) -> None:
        """Remove what is not searchable yet; what was read before stays as it was."""
        found = Document.objects.filter(pk=claim.object_id)
        if not found.filter(chunk_count__gt=0).update(state=Document.State.READY, progress=100):
            found.delete()
        turns.forget(claim.object_id)

    def bury(self, claim: Claim, reason: str) -> None:
        document = Document.objects.filter(pk=claim.object_id).first()
        if document:
            _fail(
                document, translation.gettext("Reading failed again and again. Try again, or ask your administrator.")
            )

    def _ingest(self, claim: Claim, document: Document) -> None:
        pieces = turns.pieces_of(document) or _read(claim, document)
        space = _space_of(document.knowledge_base_id)
        vectors = _embed(claim, document, space, pieces)
        with engine.settlement(claim, Job.State.SUCCEEDED):
            if _space_of(document.knowledge_base_id, locked=True).id != space.id:
                raise RetryLater("The collection moved to another embedding model.", delay_s=0.0)
            _store(document, pieces, space, vectors)


def _read(claim: Claim, document: Document) -> list[Piece]:
    path = Path(document.file.path)
    with path.open("rb") as source:
        kind = sniff(document.name, source.read(4096))
    _advance(claim, document, Document.State.CHECKED, 10)
    blocks, scans = read_file(path, kind)
    pages = max([*scans, *(block.page for block in blocks if block.page)], default=None)
    read = _read_scans(claim, document, path, kind, scans) if scans else {}
    blocks = sorted([*blocks, *(block for page in read for block in read[page])], key=lambda block: block.page or 0)
    if not blocks:
        raise unreadable("no_engine" if scans and not scan_languages() else "no_text")
    _advance(claim, document, Document.State.READ, 30, page_count=pages, unread_pages=len(scans) - len(read))
    pieces = split(blocks)
    with engine.checkpoint(claim, is_progress=False):
        _note(document, Document.State.SPLIT, 40)
        if len(pieces) > LARGE:
            turns.keep_pieces(document, pieces)
    return pieces


def _read_scans(claim: Claim, document: Document, path: Path, kind: str, scans: list[int]) -> dict[int, list[Block]]:
    """Read pages that are pictures, a page a turn; without an engine none is, and one that it gives up on is not either."""
    languages, known = scan_languages(), turns.pages_of(document)
    for done, page in enumerate(scans if languages else ()):
        if page in known:
            continue
        claim.ensure_held()
        known[page] = _read_scan(path, kind, page, languages)
        with engine.turn(claim):
            turns.keep_page(document, page, known[page])
            _note(document, Document.State.CHECKED, 10 + 20 * (done + 1) // len(scans))
    return {page: blocks for page in scans if (blocks := known.get(page)) is not None}


def _read_scan(path: Path, kind: str, page: int, languages: str) -> list[Block] | None:
    try:
        return read_scan(path, kind, page, languages)
    except UnreadableDocument as error:
        log.info("scan_not_read", page=page, reason=error.code)
        return None


def _sentence(error: ProviderError | BudgetSpent) -> str:
    if isinstance(error, BudgetSpent):
        return str(error.message)
    return translation.gettext(error.sentence)


def _advance(claim: Claim, document: Document, state: Document.State, progress: int, **fields: int | None) -> None:
    with engine.checkpoint(claim, is_progress=False):
        _note(document, state, progress, **fields)


def _note(document: Document, state: Document.State, progress: int, **fields: int | None) -> None:
    Document.objects.filter(pk=document.pk).update(state=state, progress=progress, error="", **fields)


def _embed(claim: Claim, document: Document, space: Space, pieces: list[Piece]) -> Vectors | None:
    """Embed turn by turn, with progress that the page shows and a place to stop after each."""
    parts, is_large = turns.vectors_of(document, space), len(pieces) > LARGE
    size = BATCH if space.model else TURN
    for start in range(sum(map(len, parts)), len(pieces), size):
        claim.ensure_held()
        part = embed_passages(space, [searchable(document, piece) for piece in pieces[start : start + size]])
        if part is None:
            return None
        parts.append(part)
        progress = 40 + 55 * (start + len(part)) // len(pieces)
        if not is_large:
            _advance(claim, document, Document.State.SPLIT, progress)
            continue
        with engine.turn(claim):
            turns.keep_vectors(document, space, start, part)
            _note(document, Document.State.SPLIT, progress)
    return joined(space, parts)


def _space_of(base_id: UUID, *, locked: bool = False) -> Space:
    """Return what a collection's vectors lie in; `locked`, nothing else can come true before the transaction ends."""
    bases = KnowledgeBase.objects.select_related("embedding_model__provider")
    if locked:
        bases = bases.select_for_update(of=("self",))
    return Space(bases.get(pk=base_id).embedding_model)


def _store(document: Document, pieces: list[Piece], space: Space, vectors: Vectors | None) -> None:
    document.language = language_of("\n".join(piece.text for piece in pieces))
    forget_pieces(document)
    store_pieces(document, pieces, vectors, space)
    turns.forget(document.pk)
    Document.objects.filter(pk=document.pk).update(
        state=Document.State.READY,
        progress=100,
        chunk_count=len(pieces),
        language=document.language,
        error="",
        failed_at="",
    )
    _retire_older(document)
    document_ready.send(sender=Document, document=document)
    _tell(Webhook.Event.DOCUMENT_READY, document)


def _retire_older(document: Document) -> None:
    older = Document.objects.filter(
        knowledge_base_id=document.knowledge_base_id, name=document.name, created_at__lt=document.created_at
    )
    for former in older:
        former.delete()


def _fail(document: Document, sentence: str) -> None:
    """Say why a document could not be read; one that was read before stays searchable, and says so too."""
    turns.forget(document.pk)
    if document.chunk_count:
        told = translation.gettext("Reading it anew failed, the former text stays: %(reason)s") % {"reason": sentence}
        Document.objects.filter(pk=document.pk).update(state=Document.State.READY, progress=100, error=told[:300])
        return
    state = Document.objects.values_list("state", flat=True).get(pk=document.pk)
    Document.objects.filter(pk=document.pk).update(state=Document.State.FAILED, failed_at=state, error=sentence[:300])
    _tell(Webhook.Event.DOCUMENT_FAILED, document, error=sentence[:300])


def _tell(event: str, document: Document, **more: str) -> None:
    about = {"document": str(document.pk), "collection": str(document.knowledge_base_id), "name": document.name}
    publish(event, f"document:{document.pk}", lambda: about | more)
