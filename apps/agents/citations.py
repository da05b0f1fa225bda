"""The words that an answer took from a passage which it cites."""

import re
from collections.abc import Sequence

from apps.agents.types import Source
from apps.core.language import sentences, terms
from apps.core.markdown import CITED

QUOTED = re.compile(r"“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|»([^«»]+)«|\"([^\"]+)\"")
LEFT_OUT = re.compile(r"\s*(?:\[…\]|\[\.\.\.\]|…|\.\.\.)\s*")
STRAIGHT = str.maketrans(dict.fromkeys("’‘", "'") | dict.fromkeys("“”„«»", '"') | dict.fromkeys("‐‑–—", "-"))
LEAST_WORDS, MOST_CHARS, MOST_NAMED = 3, 300, 10


def quote_for(text: str, source: Source) -> str:
    """Return the sentence of the passage that the answer rests on: its words nearest to the citing sentence."""
    start, end = quote_span(text, source)
    return source.text[start:end]


def quote_span(text: str, source: Source) -> tuple[int, int]:
    """Return where that sentence begins and ends in the passage, in characters."""
    wanted = set(terms(" ".join(_claims(text, source.number))))
    spans = sentences(source.text) or [(0, len(source.text))]
    return max(spans, key=lambda span: _overlap(wanted, source.text[span[0] : span[1]]))


def unsupported_quotes(text: str, sources: Sequence[Source]) -> list[str]:
    """Return what an answer puts in quotation marks in a line that cites, and that stands in none of the passages seen.

    Of three words or more, whatever their case, spaces and last mark; what is left out ("…") may be left out.
    """
    seen = [_plain(source.text) for source in sources]
    quoted = [
        next(filter(None, found.groups()))
        for line in text.splitlines()
        if CITED.search(line)
        for found in QUOTED.finditer(line)
    ]
    wanted = [quote for quote in dict.fromkeys(quoted) if len(quote.split()) >= LEAST_WORDS]
    return [quote[:MOST_CHARS] for quote in wanted if not any(_stands(quote, passage) for passage in seen)][:MOST_NAMED]


def _stands(quote: str, passage: str) -> bool:
    parts = [_plain(part).rstrip(".,;:!?") for part in LEFT_OUT.split(quote)]
    return all(part in passage for part in parts)


def _plain(text: str) -> str:
    return " ".join(text.translate(STRAIGHT).replace("*", "").casefold().split())


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
