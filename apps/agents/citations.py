"""The words that an answer took from a passage which it cites."""

from apps.agents.types import Source
from apps.core.language import sentences, terms
from apps.core.markdown import CITED


def quote_for(text: str, source: Source) -> str:
    """Return the sentence of the passage that the answer rests on: its words nearest to the citing sentence."""
    wanted = set(terms(" ".join(_claims(text, source.number))))
    spans = sentences(source.text) or [(0, len(source.text))]
    best = max(spans, key=lambda span: _overlap(wanted, source.text[span[0] : span[1]]))
    return source.text[best[0] : best[1]]


def _claims(text: str, number: int) -> list[str]:
    """Return what stands before each `[number]`, back to the line's start or the citation before."""
    claims = []
    for line in text.splitlines():
        start = 0
        for mark in CITED.finditer(line):
            if int(mark[1]) == number:
                claims.append(line[start : mark.start()])
            start = mark.end()
    return claims


def _overlap(wanted: set[str], sentence: str) -> float:
    own = set(terms(sentence))
    return len(wanted & own) / (1 + len(own)) ** 0.5
