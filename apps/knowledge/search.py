"""Hybrid search: what words find and what meaning finds (`candidates`), fused by 0.7 and 0.3 of their min-max scores.

What the asking person may see is part of the query: collections come in as ids that `visible_to` let through.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.caches import MEMORY, REDIS, Level, ReadThrough
from apps.core.language import terms
from apps.knowledge.candidates import Scope, Scores, by_words, nearest, scope_of, terms_of
from apps.knowledge.embedding import Space, embed_question
from apps.knowledge.models import Chunk, KnowledgeBase, Posting
from apps.knowledge.reranking import DEPTH, SENTENCE_WEIGHT, reranked
from apps.knowledge.types import NO_FILTERS, Filters, Hit, Why
from apps.providers.models import ProviderModel

VECTOR_WEIGHT = 0.3
MAX_QUERY_CHARS = 2_000
SEARCHES = ReadThrough("searches", words=_("What a search found"), levels=(Level(MEMORY, 60), Level(REDIS, 600)))


def search(
    question: str,
    bases: Sequence[KnowledgeBase],
    *,
    filters: Filters = NO_FILTERS,
    limit: int = 8,
    meaning: float = VECTOR_WEIGHT,
) -> list[Hit]:
    """Return the best chunks of the collections' documents that fit, best first, with scores from 0 to 1.

    `meaning` is its share of the score, from 0 (words alone) to 1.
    """
    question = question[:MAX_QUERY_CHARS]
    filled = [base for base in bases if base.chunk_count]
    if not filled or not question.strip():
        return []
    key = _key(question, filled, filters, limit, meaning)
    known = SEARCHES.peek(key)
    if known:
        return _hits(known[0])
    scores, is_whole = _scores(question, filled, filters, meaning)
    best = sorted(scores.items(), key=lambda entry: (-entry[1], str(entry[0])))
    if any(base.is_reranked for base in filled):
        hits = reranked(question, _hits(best[: max(limit, DEPTH)]))[:limit]
    else:
        hits = _hits(best[:limit])
    if is_whole:
        SEARCHES.put(key, [(hit.chunk_id, hit.score) for hit in hits])
    return hits


def explain(
    question: str, bases: Sequence[KnowledgeBase], *, filters: Filters = NO_FILTERS, limit: int = 8
) -> list[Hit]:
    """Return what search() does, each hit with what its score is made of."""
    hits = search(question, bases, filters=filters, limit=limit)
    if not hits:
        return []
    question, filled = question[:MAX_QUERY_CHARS], [base for base in bases if base.chunk_count]
    scope = scope_of(filled, filters)
    found = by_words(question, scope)
    by_meaning, _is_whole = _by_meaning(question, scope)
    words, meaning = _shares(found, by_meaning)
    standing = _standing(question, hits, scope)
    is_reranked = any(base.is_reranked for base in filled)
    explained = []
    for place, hit in enumerate(hits):
        kept = 1 - SENTENCE_WEIGHT if is_reranked and place < DEPTH else 1.0
        shares = (kept * words.get(hit.chunk_id, 0.0), kept * meaning.get(hit.chunk_id, 0.0))
        why = Why(
            words=round(shares[0], 4),
            meaning=round(shares[1], 4),
            terms=tuple(sorted(standing.get(hit.chunk_id, ()))),
            nearness=round(by_meaning[hit.chunk_id], 4) if hit.chunk_id in by_meaning else None,
            sentence=round(max(0.0, hit.score - sum(shares)), 4) if kept < 1 else None,
        )
        explained.append(replace(hit, why=why))
    return explained


def _standing(question: str, hits: Sequence[Hit], scope: Scope) -> dict[UUID, set[str]]:
    """Return which of the question's words stand in which chunks, in any of their forms."""
    words = {term: term for term in terms_of(question, scope.bases)}
    for word in re.findall(r"\w+", question.lower()):
        if len(terms(word)) == 1:
            words |= dict.fromkeys(terms_of(word, scope.bases), word)
    chunks = [hit.chunk_id for hit in hits]
    found: dict[UUID, set[str]] = {}
    for chunk, term in Posting.objects.filter(chunk__in=chunks, term__in=list(words)).values_list("chunk", "term"):
        found.setdefault(chunk, set()).add(words[term])
    return found


def _key(question: str, bases: Sequence[KnowledgeBase], filters: Filters, limit: int, meaning: float) -> str:
    """Return what a search is kept under: the collections are those that the asking person may see."""
    places = sorted((str(base.pk), str(base.embedding_model_id), base.is_reranked) for base in bases)
    asked = repr((question, places, filters, limit, meaning, timezone.get_current_timezone_name()))
    return hashlib.sha256(asked.encode()).hexdigest()


def _scores(question: str, bases: Sequence[KnowledgeBase], filters: Filters, meaning: float) -> tuple[Scores, bool]:
    """Return the fused scores, and whether meaning could be asked wherever it is known."""
    scope = scope_of(bases, filters)
    by_meaning, is_whole = _by_meaning(question, scope)
    return _fused(by_words(question, scope), by_meaning, meaning), is_whole


def _by_meaning(question: str, scope: Scope) -> tuple[Scores, bool]:
    """Return the scores of every space that understands the question, and whether each could be asked.

    Cosines of two models say nothing about each other: with several spaces each is scaled by itself.
    """
    spaces = _spaces(scope.bases)
    asked = {space: embed_question(space, question) for space in spaces if space.understands(question)}
    found = [
        nearest(space.table, space.id, vector, scope.within(spaces[space]))
        for space, vector in asked.items()
        if vector is not None
    ]
    is_whole = all(vector is not None or space.model is None for space, vector in asked.items())
    if len(found) == 1:
        return found[0], is_whole
    return {pk: score for scores in found for pk, score in _scaled(scores).items()}, is_whole


def _spaces(bases: Sequence[KnowledgeBase]) -> dict[Space, list[KnowledgeBase]]:
    """Return the collections by the model that their vectors are of."""
    wanted = {base.embedding_model_id for base in bases} - {None}
    models = ProviderModel.objects.select_related("provider").in_bulk(wanted) if wanted else {}
    spaces: dict[Space, list[KnowledgeBase]] = {}
    for base in bases:
        model = models[base.embedding_model_id] if base.embedding_model_id else None
        spaces.setdefault(Space(model), []).append(base)
    return spaces


def _fused(by_words: Scores, by_meaning: Scores, weight: float) -> Scores:
    words, meaning = _shares(by_words, by_meaning, weight)
    return {pk: words.get(pk, 0.0) + meaning.get(pk, 0.0) for pk in words.keys() | meaning.keys()}


def _shares(by_words: Scores, by_meaning: Scores, weight: float = VECTOR_WEIGHT) -> tuple[Scores, Scores]:
    """Return what words and meaning give to each score; where one of them found nothing the other gives all."""
    weight = weight if by_words and by_meaning else float(bool(by_meaning))
    words, meaning = _scaled(by_words), _scaled(by_meaning)
    return (
        {pk: (1 - weight) * score for pk, score in words.items()},
        {pk: weight * score for pk, score in meaning.items()},
    )


def _scaled(scores: Scores) -> Scores:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    span = high - low
    return {pk: (score - low) / span if span else 1.0 for pk, score in scores.items()}


def _hits(best: Sequence[tuple[UUID, float]]) -> list[Hit]:
    chunks = Chunk.objects.select_related("document").in_bulk([pk for pk, _score in best])
    return [
        Hit(
            chunk_id=pk,
            document_id=chunks[pk].document_id,
            document=chunks[pk].document.name,
            text=chunks[pk].text,
            heading=chunks[pk].heading,
            page=chunks[pk].page,
            score=round(score, 4),
        )
        for pk, score in best
        if pk in chunks
    ]
