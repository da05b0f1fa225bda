"""Passages in the indexes: written with a document, changed one by one, taken out. Counters go along, in the caller's transaction."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from django.db.models import F, Func, Sum, Value

from apps.core.language import terms
from apps.knowledge.embedding import Space, store_vectors
from apps.knowledge.models import Chunk, Document, KnowledgeBase, Posting, every_vector_table
from apps.knowledge.search import SEARCHES
from apps.knowledge.types import Piece
from apps.providers.types import Vectors

STORE_BATCH = 2_000
BUILT_IN = Space()


def searchable(document: Document, piece: Piece) -> str:
    """What is indexed and embedded: the passage under its document's name and headings."""
    return "\n".join([" ".join([Path(document.name).stem.replace("_", " "), *piece.headings]), piece.text])


def searchable_chunk(chunk: Chunk) -> str:
    """The same of a passage that is stored."""
    return searchable(chunk.document, Piece(chunk.text, tuple(filter(None, chunk.heading.split(" › "))), chunk.page))


def store_pieces(document: Document, pieces: Sequence[Piece], vectors: Vectors | None, space: Space = BUILT_IN) -> None:
    """Write a document's chunks with their postings, by the stems of its language, and vectors ((n, dimensions), or None).

    Part of the caller's transaction.
    """
    counts = [Counter(terms(searchable(document, piece), document.language)) for piece in pieces]
    chunks = [
        Chunk(
            knowledge_base_id=document.knowledge_base_id,
            document=document,
            position=position,
            text=piece.text,
            heading=" › ".join(piece.headings)[:500],
            page=piece.page,
            length=sum(count.values()),
        )
        for position, (piece, count) in enumerate(zip(pieces, counts, strict=True))
    ]
    Chunk.objects.bulk_create(chunks, batch_size=STORE_BATCH)
    _post(chunks, counts)
    _note_language(document)
    if vectors is not None:
        store_vectors(space, chunks, vectors)


def _post(chunks: Sequence[Chunk], counts: Sequence[Counter[str]]) -> None:
    """Have stored chunks found by the terms that were counted in them."""
    postings = [
        Posting(knowledge_base_id=chunk.knowledge_base_id, term=term, chunk=chunk, frequency=min(frequency, 32_000))
        for chunk, count in zip(chunks, counts, strict=True)
        for term, frequency in count.items()
    ]
    Posting.objects.bulk_create(postings, batch_size=STORE_BATCH)
    length = sum(chunk.length for chunk in chunks)
    if chunks:
        count_in(chunks[0].knowledge_base_id, chunks=len(chunks), length=length)


def _note_language(document: Document) -> None:
    """Have questions to the collection asked in the stems of this document's language, too."""
    unknown = KnowledgeBase.objects.filter(pk=document.knowledge_base_id).exclude(
        languages__contains=[document.language]
    )
    if document.language:
        unknown.update(languages=Func(F("languages"), Value(document.language), function="array_append"))


def take_in(chunk: Chunk) -> None:
    """Have a chunk that is in no index found by its words; its vector has to be made."""
    count = Counter(terms(searchable_chunk(chunk), chunk.document.language))
    chunk.length = sum(count.values())
    chunk.save()
    _post([chunk], [count])


def leave_out(chunk: Chunk) -> None:
    """Take a chunk out of every index; the row stays, with no length."""
    Posting.objects.filter(knowledge_base_id=chunk.knowledge_base_id, chunk=chunk).delete()
    for table in every_vector_table():
        table.objects.filter(chunk=chunk).delete()  # type: ignore[attr-defined]
    count_in(chunk.knowledge_base_id, chunks=-1, length=-chunk.length)
    chunk.length = 0
    chunk.save(update_fields=["length"])


def forget_pieces(document: Document) -> None:
    """Delete what was read of a document before; what is left out is not counted."""
    uncount(document)
    document.chunks.all().delete()


def uncount(document: Document) -> None:
    """Take a document's chunks out of its collection's counters."""
    found = document.chunks.filter(is_left_out=False)
    length = found.aggregate(total=Sum("length"))["total"]
    if length is not None:
        count_in(document.knowledge_base_id, chunks=-found.count(), length=-length)


def count_in(base_id: UUID, *, chunks: int, length: int) -> None:
    """Add to (or take from) a collection's counters, which BM25 reads; what searches found before is read anew."""
    SEARCHES.forget()
    KnowledgeBase.objects.filter(pk=base_id).update(
        chunk_count=F("chunk_count") + chunks, term_count=F("term_count") + length
    )
