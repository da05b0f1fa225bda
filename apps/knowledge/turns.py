"""Where a large document's reading stands between its turns. Part of the caller's transaction."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np

from apps.knowledge.embedding import Space
from apps.knowledge.models import Document, Reading, ReadingTurn, ReadPage
from apps.knowledge.types import Block, Piece
from apps.providers.types import Vectors


def keep_pieces(document: Document, pieces: Sequence[Piece]) -> None:
    rows = [[piece.text, list(piece.headings), piece.page] for piece in pieces]
    Reading.objects.update_or_create(document=document, defaults={"pieces": rows})


def pieces_of(document: Document) -> list[Piece] | None:
    """Return what the document was cut into in an earlier turn; None: it was not, or need not be kept."""
    reading = Reading.objects.filter(document=document).first()
    if reading is None:
        return None
    return [Piece(text, tuple(headings), page) for text, headings, page in reading.pieces]


def keep_vectors(document: Document, space: Space, position: int, vectors: Vectors) -> None:
    values = vectors.astype(np.float32).tobytes()
    ReadingTurn.objects.create(reading_id=document.pk, position=position, space=space.id, vectors=values)


def vectors_of(document: Document, space: Space) -> list[Vectors]:
    """Return the vectors of earlier turns in order; those of another model than the collection's now are dropped."""
    turns = ReadingTurn.objects.filter(reading=document.pk)
    turns.exclude(space=space.id).delete()
    return [np.frombuffer(row.vectors, np.float32).reshape(-1, space.dimensions) for row in turns]


def keep_page(document: Document, page: int, blocks: Sequence[Block] | None) -> None:
    """Keep what was read of a page that is a picture; None: the engine gave up on it."""
    values = {"texts": [block.text for block in blocks or ()], "is_given_up": blocks is None}
    ReadPage.objects.update_or_create(document=document, page=page, defaults=values)


def pages_of(document: Document) -> dict[int, list[Block] | None]:
    """Return what keep_page() kept, by page."""
    rows = ReadPage.objects.filter(document=document)
    return {row.page: None if row.is_given_up else [Block(text, page=row.page) for text in row.texts] for row in rows}


def forget(document_id: UUID) -> None:
    Reading.objects.filter(document=document_id).delete()
    ReadPage.objects.filter(document=document_id).delete()
