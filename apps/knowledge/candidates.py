"""The two statements that find passages: BM25 over postings, and the nearest vectors, by index or exactly.

Measured (KNOWLEDGE.md, `make bench ONLY=search`): the index loses what is rare behind a filter, and an exact scan of some thousand
passages is fast; so few passages, and those that are a small part of the table, are compared one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Sum

from apps.core.language import terms
from apps.knowledge.models import ChunkVector, Document, KnowledgeBase
from apps.knowledge.querysets import DocumentQuerySet
from apps.knowledge.types import Filters
from apps.providers.types import Vectors

CANDIDATES = 50
EXACT_UP_TO, EXACT_SHARE = 20_000, 0.05
EF_SEARCH, MOST_SEARCH = 200, 400
MAX_QUERY_TERMS = 48
MOST_POSTINGS, RESCORED = 5_000, 300
Scores = dict[UUID, float]

_BM25 = """
    WITH asked AS MATERIALIZED (
        SELECT t.term, n.holders, ln(1 + (%(size)s - n.holders + 0.5) / (n.holders + 0.5)) AS rarity,
               sum(n.holders) OVER (ORDER BY n.holders, t.term) AS so_far
        FROM unnest(%(terms)s::text[]) AS t(term)
        CROSS JOIN LATERAL (
            SELECT count(*) AS holders FROM knowledge_posting p
            WHERE p.knowledge_base_id = ANY(%(bases)s) AND p.term = t.term
        ) n
        WHERE n.holders > 0
    ),
    promising AS MATERIALIZED (
        SELECT p.chunk_id FROM asked a
        JOIN knowledge_posting p ON p.knowledge_base_id = ANY(%(bases)s) AND p.term = a.term
        JOIN knowledge_chunk c ON c.id = p.chunk_id {fitting}
        WHERE a.so_far <= %(most_postings)s OR a.so_far - a.holders < %(rescored)s * %(spread)s
        GROUP BY p.chunk_id ORDER BY sum(a.rarity * {weight}) DESC LIMIT %(rescored)s
    )
    SELECT p.chunk_id, sum(a.rarity * {weight})::float8 AS score
    FROM promising f
    JOIN knowledge_chunk c ON c.id = f.chunk_id
    CROSS JOIN asked a
    JOIN knowledge_posting p ON p.knowledge_base_id = c.knowledge_base_id AND p.term = a.term AND p.chunk_id = c.id
    GROUP BY p.chunk_id ORDER BY score DESC LIMIT %(limit)s
"""
_WEIGHT = "p.frequency * 2.2 / (p.frequency + 1.2 * (0.25 + 0.75 * c.length / %(mean)s))"
_EXACT = """
    SELECT v.chunk_id, 1 - (v.embedding <=> %(query)s::halfvec) AS score
    FROM {table} v {fitting} WHERE v.knowledge_base_id = ANY(%(bases)s) AND v.space = %(space)s
    ORDER BY (v.embedding <=> %(query)s::halfvec) + 0 LIMIT %(limit)s
"""
_LOOSE = "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'relaxed_order', true)"
_HNSW = _EXACT.replace(" + 0 LIMIT", " LIMIT")
_BY_WORDS_FITTING = "AND c.document_id IN ({documents})"
_NEAREST_FITTING = "JOIN knowledge_chunk c ON c.id = v.chunk_id AND c.document_id IN ({documents})"


@dataclass(frozen=True)
class Scope:
    """Where a search looks: collections that the asking person may see, documents of theirs (None: all), and how many passages that are."""

    bases: Sequence[KnowledgeBase]
    documents: DocumentQuerySet | None
    passages: int

    def within(self, bases: Sequence[KnowledgeBase]) -> "Scope":
        """Return the part of it that lies in some of its collections."""
        return Scope(bases, self.documents, min(self.passages, sum(base.chunk_count for base in bases)))


def scope_of(bases: Sequence[KnowledgeBase], filters: Filters) -> Scope:
    if not filters:
        return Scope(bases, None, sum(base.chunk_count for base in bases))
    found = Document.objects.filter(knowledge_base__in=[base.pk for base in bases]).fitting(filters).order_by()
    return Scope(bases, found, found.aggregate(total=Sum("chunk_count"))["total"] or 0)


def terms_of(question: str, bases: Sequence[KnowledgeBase]) -> list[str]:
    """Return a question's terms by the stems of every language that documents of the collections are in."""
    languages = {"", *(language for base in bases for language in base.languages)}
    return sorted({term for language in languages for term in terms(question, language)[:MAX_QUERY_TERMS]})


def by_words(question: str, scope: Scope) -> Scores:
    """Return the best passages by BM25 over the scope's collections, with scores from 0.

    The rarest terms name 300 passages, all terms score those: a common word costs no more than its count. Where documents
    are few, more terms are taken, for their passages have to be among those that the terms name.
    """
    asked = terms_of(question, scope.bases)
    size = sum(base.chunk_count for base in scope.bases)
    if not asked or not scope.passages:
        return {}
    spread = size / scope.passages
    fitting, parameters = _places(scope, _BY_WORDS_FITTING)
    parameters |= {
        "terms": asked,
        "size": size,
        "most_postings": MOST_POSTINGS * spread,
        "rescored": RESCORED,
        "spread": spread,
        "mean": max(1.0, sum(base.term_count for base in scope.bases) / size),
    }
    with connection.cursor() as cursor:
        cursor.execute(_BM25.format(fitting=fitting, weight=_WEIGHT), parameters)
        return dict(cursor.fetchall())


def nearest(table: type[ChunkVector], space: UUID, vector: Vectors, scope: Scope) -> Scores:
    """Return the passages whose vectors in a space are nearest, with their cosines."""
    if not scope.passages:
        return {}
    query = "[" + ",".join(f"{value:.5f}" for value in vector) + "]"
    fitting, parameters = _places(scope, _NEAREST_FITTING)
    parameters |= {"space": space, "query": query}
    share = _share_of(scope)
    is_exact = scope.passages <= EXACT_UP_TO or share < EXACT_SHARE
    statement = (_EXACT if is_exact else _HNSW).format(fitting=fitting, table=table._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        if not is_exact:
            cursor.execute(_LOOSE, [str(_effort_for(share))])
        cursor.execute(statement, parameters)
        return dict(cursor.fetchall())


def _share_of(scope: Scope) -> float:
    """Return which part of all passages a search looks into; it is not asked for few, which are compared one by one anyway."""
    if scope.passages <= EXACT_UP_TO:
        return 1.0
    everywhere = KnowledgeBase.objects.aggregate(total=Sum("chunk_count"))["total"] or 0
    return scope.passages / max(1, everywhere)


def _effort_for(share: float) -> int:
    """Return `ef_search`: twice what brings enough that fits on average, so that few searches have to go through the index again."""
    return min(MOST_SEARCH, max(EF_SEARCH, round(2 * CANDIDATES / share)))


def _places(scope: Scope, fitting: str) -> tuple[str, dict[str, Any]]:
    """Return the condition on documents, empty for all of them, and the parameters that say where to look."""
    parameters: dict[str, Any] = {"bases": [base.pk for base in scope.bases], "limit": CANDIDATES}
    if scope.documents is None:
        return "", parameters
    statement, values = scope.documents.values("pk").query.sql_with_params()
    names = [f"fitting_{place}" for place in range(len(values))]
    documents = statement % tuple(f"%({name})s" for name in names)
    return fitting.format(documents=documents), parameters | dict(zip(names, values, strict=True))
