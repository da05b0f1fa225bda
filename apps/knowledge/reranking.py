"""The best ten of a search, ordered anew by how well their best sentence answers the question.

Every tenth question of the labelled set (`evaluate_retrieval --every 10 --rerank`): MRR@10 .909 instead of .886, recall@1 .863
instead of .829, in 1.25 of the time.
"""

from collections.abc import Sequence
from dataclasses import replace

from apps.knowledge.types import Hit
from apps.providers.registry import extract_quotes
from apps.providers.types import Passage

DEPTH = 10
SENTENCE_WEIGHT = 0.4
MOST_SENTENCES = 500


def reranked(question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits, the first ten of them in their new order with their new scores from 0 to 1; the others keep place and score."""
    best = hits[:DEPTH]
    passages = [Passage(n, hit.document, hit.text, hit.heading, hit.page, hit.score) for n, hit in enumerate(best)]
    shares: dict[int, float] = {}
    for quote in extract_quotes(question, passages, most=MOST_SENTENCES):
        shares.setdefault(quote.number, quote.confidence)
    if not shares:
        return list(hits)
    peak = max(shares.values())
    scored = [
        replace(hit, score=round((1 - SENTENCE_WEIGHT) * hit.score + SENTENCE_WEIGHT * shares.get(n, 0.0) / peak, 4))
        for n, hit in enumerate(best)
    ]
    return [*sorted(scored, key=lambda hit: -hit.score), *hits[DEPTH:]]
