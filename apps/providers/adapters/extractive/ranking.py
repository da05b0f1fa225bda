"""Rank the sentences of a few passages by how well they answer a question: a linear score over nine features."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from apps.core.language import is_english, language_of, sentences, terms
from apps.providers.types import EmbeddingPort, Passage, Quote, Vectors

FEATURES = ("cosine", "overlap", "overlap_with_context", "bigrams", "type", "length", "score", "rank", "nothing_new")
# Set by hand; on every tenth question of SQuAD v1.1 dev (half): gold string in the first quote .80, in three .93.
WEIGHTS = np.array([5.0, 3.0, 2.0, 1.0, 0.8, 0.6, 1.0, 0.6, -1.5], np.float32)
EMBEDDED = 6
SHARPNESS = 1.0

_NUMBER = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|hundred|thousand|million|billion|half"
    r"|third|quarter|dozen|ein|eine|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|hundert|tausend)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(1\d{3}|20\d{2}|\d{1,3}(st|nd|rd|th)|century|january|february|march|april|may|june|july|august|september"
    r"|october|november|december|januar|februar|märz|mai|juni|juli|oktober|dezember|monday|friday|day|days|week|weeks"
    r"|month|months|year|years|tag|tage|woche|wochen|monat|monate|jahr|jahre|\d+s|bc|ad)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<!^)(?<![.!?]\s)\b[A-ZÄÖÜ]\w+")
_KINDS = (
    (re.compile(r"\b(when|wann|(what|which|in what) (year|date|day|month|century|decade))\b", re.IGNORECASE), _DATE),
    (
        re.compile(
            r"\b(how (many|much|long|old|far|large|big|tall|high|often|fast)|wie ?(viel|viele|lange|oft|hoch|weit)"
            r"|what (percent|number|amount|portion|percentage))",
            re.IGNORECASE,
        ),
        _NUMBER,
    ),
    (
        re.compile(
            r"\b(who|whom|whose|where|wer|wo|wem|wessen|what (person|city|country|state|place))\b", re.IGNORECASE
        ),
        _NAME,
    ),
)


@dataclass(frozen=True)
class _Sentence:
    passage: Passage
    rank: int
    text: str
    terms: tuple[str, ...]
    context: frozenset[str]


def best_quotes(
    question: str, passages: Sequence[Passage], *, most: int, embedder: EmbeddingPort | None
) -> list[Quote]:
    """Return at most `most` quotes, best first; confidence is the sentence's share among all (softmax)."""
    language = "" if is_english(question) else language_of("\n".join(passage.text for passage in passages))
    found = _sentences_of(passages, language)
    if not found:
        return []
    scores = features(question, found, embedder, language) @ WEIGHTS
    shares = np.exp((scores - scores.max()) * SHARPNESS)
    shares /= shares.sum()
    quotes: list[Quote] = []
    for place in np.argsort(-scores):
        sentence = found[int(place)]
        if all(sentence.text != quote.text for quote in quotes):
            quotes.append(Quote(sentence.passage.number, sentence.text, float(shares[place])))
        if len(quotes) == most:
            break
    return quotes


def _sentences_of(passages: Sequence[Passage], language: str) -> list[_Sentence]:
    found: list[_Sentence] = []
    for rank, passage in enumerate(passages):
        context = frozenset(terms(f"{passage.document} {passage.heading}", language))
        for start, end in sentences(passage.text):
            text = passage.text[start:end]
            own = tuple(terms(text, language))
            found.append(_Sentence(passage, rank, text, own, context))
            context = frozenset(own)
    return found


def features(question: str, found: Sequence[_Sentence], embedder: EmbeddingPort | None, language: str = "") -> Vectors:
    """Return (n, 9) float32 in the order of FEATURES."""
    asked = terms(question, language)
    rarity = _rarity(asked, found)
    total = sum(rarity.values()) or 1.0
    pattern = next((answer for kind, answer in _KINDS if kind.search(question)), None)
    pairs = set(pairwise(asked))
    rows = np.zeros((len(found), len(FEATURES)), np.float32)
    for place, sentence in enumerate(found):
        own = set(sentence.terms)
        overlap = sum(weight for term, weight in rarity.items() if term in own) / total
        wider = sum(weight for term, weight in rarity.items() if term in own or term in sentence.context) / total
        shared = pairs & set(pairwise(sentence.terms))
        rows[place] = (
            0.0,
            overlap,
            wider - overlap,
            len(shared) / max(1, len(pairs)),
            float(pattern is None or bool(pattern.search(sentence.text))),
            min(len(sentence.terms), 40) / 40,
            sentence.passage.score,
            1 / (1 + sentence.rank),
            float(len(own - set(asked)) < 2),
        )
    rows[:, 0] = _cosines(question, found, rows[:, 1:] @ WEIGHTS[1:], embedder)
    return rows


def _rarity(asked: Sequence[str], found: Sequence[_Sentence]) -> dict[str, float]:
    counts = Counter(term for sentence in found for term in set(sentence.terms))
    size = len(found)
    return {term: math.log(1 + (size - counts[term] + 0.5) / (counts[term] + 0.5)) for term in set(asked)}


def _cosines(question: str, found: Sequence[_Sentence], lexical: Vectors, embedder: EmbeddingPort | None) -> Vectors:
    """Embed only the sentences that words put in front; the others get the lowest cosine among those."""
    cosines = np.zeros(len(found), np.float32)
    if embedder is None or not is_english(question):
        return cosines
    places = np.argsort(-lexical)[:EMBEDDED]
    vectors = embedder.embed([question, *(found[int(place)].text for place in places)])
    near = vectors[1:] @ vectors[0]
    cosines[:] = near.min()
    cosines[places] = near
    return cosines
