"""Passages of documents that a search found: where they stand, and the sentence of them that says most of something."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from apps.agents.blueprints import Typed
from apps.core.language import language_of, sentences, terms

MOST_QUOTE, MOST_PASSAGES = 400, 4
Shared = tuple[int, int]
"""How many of the words of what is wanted stand somewhere, and how many there are."""


class Passage(Typed):
    """A passage that a search found, by its number in the run."""

    number: int
    document: str
    page: int | None
    text: str


def passages_in(told: Mapping[str, Any]) -> list[Passage]:
    """Return the first passages of what the tool that searches documents answered."""
    rows = told["passages"][:MOST_PASSAGES]
    return [Passage(**{name: row[name] for name in ("number", "document", "page", "text")}) for row in rows]


def place_of(document: str, page: int | None) -> str:
    """Name where something stands."""
    return f"{document}, {_('p. %(n)d') % {'n': page}}" if page else document


def places_of(passages: Sequence[Passage]) -> list[str]:
    """Name where passages stand, each place once."""
    return list(dict.fromkeys(place_of(each.document, each.page) for each in passages))


def best_quote(wanted: str, passages: Sequence[Passage], *, aside: str = "") -> tuple[str, Passage | None, Shared]:
    """Return the sentence that shares most words with what is wanted, the first of equals, its passage, and how many it shares."""
    best: tuple[str, Passage | None, Shared] = ("", None, shared_words(wanted, "", aside=aside))
    for passage in passages:
        for start, end in sentences(passage.text):
            shared = shared_words(wanted, passage.text[start:end], aside=aside)
            if shared[0] > best[2][0]:
                best = (" ".join(passage.text[start:end].split())[:MOST_QUOTE], passage, shared)
    return best


def shared_words(wanted: str, text: str, *, aside: str = "") -> Shared:
    """Return how many of the words of what is wanted, by their stems, stand in a text, and how many there are; those `aside` do not count."""
    language = language_of(wanted)
    asked = set(terms(wanted, language)) - set(terms(aside, language))
    return len(asked & set(terms(text, language))), len(asked)
