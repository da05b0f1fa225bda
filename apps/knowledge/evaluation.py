"""Measure search and quoting on a labelled question set, in a scratch collection that is never committed.

Paragraphs: JSON lines {id, title, text}; questions: {id, pid, q, answers}, pid being the paragraph that answers.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
from django.db import transaction

from apps.core.language import language_of
from apps.knowledge.embedding import Space, embed_passages
from apps.knowledge.indexing import searchable, store_pieces
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.ranking import Tally
from apps.knowledge.search import VECTOR_WEIGHT, search
from apps.knowledge.splitter import split
from apps.knowledge.types import Block, Hit
from apps.providers.registry import extract_quotes
from apps.providers.types import Passage

DEPTH = 10
PASSAGES = 6


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a JSON Lines file. Raises ValueError naming the line that is none."""
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if line.strip():
            try:
                rows.append(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                raise ValueError(f"{path.name}, line {number}: not JSON.") from error
    return rows


def evaluate(
    paragraphs: Sequence[dict[str, Any]],
    questions: Iterable[dict[str, Any]],
    meaning: Sequence[float] = (VECTOR_WEIGHT,),
    *,
    is_reranked: bool = False,
) -> list[Tally]:
    """Load, ask every question through the real search and quoting, and leave nothing behind; a tally for each share of meaning."""
    tallies = [Tally() for _ in meaning]
    with transaction.atomic():
        base, labels = _load(paragraphs)
        base.is_reranked = is_reranked
        for question in questions:
            for tally, share in zip(tallies, meaning, strict=True):
                hits = search(question["q"], [base], limit=DEPTH * 2, meaning=share)
                tally.add(_rank(hits, labels, question["pid"]), _answered_at(question, hits))
        transaction.set_rollback(True)
    return tallies


def _load(paragraphs: Sequence[dict[str, Any]]) -> tuple[KnowledgeBase, dict[Any, str]]:
    base = KnowledgeBase.objects.create(name="Evaluation (scratch)")
    documents, pieces_of = [], []
    for row in paragraphs:
        name = row["title"].replace("_", " ")[:200]
        document = Document(
            knowledge_base=base,
            name=name,
            content_hash=str(row["id"])[:64],
            size_bytes=len(row["text"]),
            kind="text",
            state=Document.State.READY,
            language=language_of(row["text"]),
        )
        documents.append(document)
        pieces_of.append(split([Block(row["text"])]))
    Document.objects.bulk_create(documents)
    texts = [searchable(d, piece) for d, pieces in zip(documents, pieces_of, strict=True) for piece in pieces]
    vectors, place = embed_passages(Space(), texts), 0
    for document, pieces in zip(documents, pieces_of, strict=True):
        own = vectors[place : place + len(pieces)] if vectors is not None else None
        store_pieces(document, pieces, own)
        place += len(pieces)
    base.refresh_from_db()
    labels = {document.pk: str(row["id"]) for document, row in zip(documents, paragraphs, strict=True)}
    return base, labels


def _rank(hits: Sequence[Hit], labels: dict[Any, str], wanted: Any) -> int | None:
    ranked = list(dict.fromkeys(labels[hit.document_id] for hit in hits))[:DEPTH]
    return ranked.index(str(wanted)) if str(wanted) in ranked else None


def _answered_at(question: dict[str, Any], hits: Sequence[Hit]) -> int | None:
    passages = [
        Passage(number, hit.document, hit.text, hit.heading, hit.page, hit.score)
        for number, hit in enumerate(hits[:PASSAGES], start=1)
    ]
    golds = [_plain(answer) for answer in question["answers"]]
    for place, quote in enumerate(extract_quotes(question["q"], passages, most=3)):
        if any(gold in _plain(quote.text) for gold in golds):
            return place
    return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
