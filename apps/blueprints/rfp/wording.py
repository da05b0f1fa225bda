"""How tenders say what they want, in English and German: obligations, deadlines, criteria. Pure functions over sentences."""

import re
from datetime import date
from typing import Literal

from apps.blueprints.days import day_in

Obligation = Literal["must", "should", "may"]
_SUPPLIER = (
    r"(?:supplier|contractor|vendor|bidder|tenderer|offeror|proposer|respondent|provider|consultant|"
    r"auftragnehmer\w*|bieter\w*|anbieter\w*|lieferant\w*)"
)
_MUST = re.compile(
    r"\b(?:must|shall|(?:is|are|be) required to|(?:is|are) mandatory|(?:has|have) to|"
    r"muss|müssen|(?:ist|sind) (?:zwingend|verpflichtend|verpflichtet)|(?:hat|haben)\b.{1,80}\bzu \w+en)\b"
    rf"|\b{_SUPPLIER}s?\s+(?:will|agrees? to|undertakes? to|verpflichtet sich)\b",
    re.IGNORECASE,
)
_SHOULD = re.compile(
    r"\b(?:should|ought to|(?:is|are) (?:recommended|encouraged|expected) to|preferably|desirable|soll|sollen|sollte|sollten|wünschenswert)\b",
    re.IGNORECASE,
)
_MAY = re.compile(rf"\b{_SUPPLIER}s?\s+(?:may|can|kann|können|darf|dürfen)\b|\boptional(?:ly)?\b", re.IGNORECASE)
_OWN_ID = re.compile(r"^[\[(]?((?:[A-Z]{1,6}[-. ]?\d+(?:\.\d+)*|\d+(?:\.\d+)+)[a-z]?)[\])]?[.:)]?\s+(?=\S)")
_MONTHS = r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zäé]*"
_DATE = re.compile(
    r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}\.\d{1,2}\.\d{4}\b|\b\d{1,2}/\d{1,2}/\d{4}\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|\.)?\s+{_MONTHS}\s+\d{{4}}\b|\b{_MONTHS}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}\b",
    re.IGNORECASE,
)
_DEADLINE = re.compile(
    r"\b(?:deadline|due|no later than|not later than|on or before|closing|closes?|submit\w*|submission|receipt|award\w*|start\w*|"
    r"questions?|clarification\w*|until|by|frist\w*|spätestens|abgabe\w*|einreich\w*|bis|zuschlag\w*|beginn\w*)\b",
    re.IGNORECASE,
)
_CRITERION = re.compile(
    r"\b(?:criteri\w+|weight\w*|evaluat\w+|scor\w+|kriteri\w+|gewicht\w*|bewert\w+|zuschlag\w*)\b", re.IGNORECASE
)
_WEIGHT = re.compile(r"\b(\d{1,3}(?:[.,]\d+)?)\s*(?:%|per ?cent\b|prozent\b)", re.IGNORECASE)


def obligation_in(sentence: str) -> Obligation | None:
    """Say how far a sentence obliges whoever answers the tender; None: not at all."""
    if _MUST.search(sentence):
        return "must"
    if _SHOULD.search(sentence):
        return "should"
    return "may" if _MAY.search(sentence) else None


def own_id(sentence: str) -> tuple[str, str]:
    """Return the id that a tender gives a requirement, and the sentence without it; "" for none."""
    found = _OWN_ID.match(sentence)
    return (found[1], sentence[found.end() :]) if found else ("", sentence)


def deadline_in(sentence: str) -> date | None:
    """Return the day by which a sentence says that something has to happen; None when it names none."""
    found = _DATE.search(sentence)
    if found is None or not _DEADLINE.search(sentence.replace(found[0], " ")):
        return None
    return day_in(found[0])


def weights_in(sentence: str, section: str) -> list[tuple[str, float]]:
    """Return the criteria in a sentence, each with its weight in per cent; none unless the sentence or its heading speaks of criteria.

    Lines of a list may have become one sentence: each weight ends a criterion.
    """
    if not (_CRITERION.search(sentence) or _CRITERION.search(section)):
        return []
    found, start = [], 0
    for weight in _WEIGHT.finditer(sentence):
        text, start = sentence[start : weight.end()].strip(" ,;"), weight.end()
        found.append((text, float(weight[1].replace(",", "."))))
    return [(text, weight) for text, weight in found if 0 < weight <= 100]
