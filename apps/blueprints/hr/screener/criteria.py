"""What is looked for: criteria with their weights, as somebody writes them line by line."""

import re
from decimal import Decimal, InvalidOperation

from apps.blueprints.hr.screener.results import Criterion

MOST_CRITERIA, MOST_WEIGHT = 30, Decimal(100)
_YEARS = re.compile(
    r"\b(?:at least|minimum(?: of)?|min\.?|mindestens|wenigstens)?\s*(\d{1,2})\+?\s*(?:years?|jahren?)\b", re.IGNORECASE
)
_MUST = {"must", "required", "mandatory", "muss", "zwingend", "pflicht"}
_FORM = re.compile(r"\s*[;|\t]\s*")


class BadCriterion(ValueError):
    """A line that cannot be read; the number counts from 1."""

    def __init__(self, number: int, line: str) -> None:
        super().__init__(line)
        self.number, self.line = number, line


def criteria_in(text: str) -> list[Criterion]:
    """Read `words; weight; must`, a criterion a line; the weight is 1 and nothing a must unless said. Raises BadCriterion."""
    found: list[Criterion] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip(" -*•")
        if bare:
            found.append(_criterion(f"C{len(found) + 1}", number, bare))
    return found


def _criterion(key: str, number: int, line: str) -> Criterion:
    words, *rest = [part for part in _FORM.split(line) if part]
    weight, is_must = Decimal(1), False
    for part in rest:
        if part.casefold() in _MUST:
            is_must = True
            continue
        try:
            weight = Decimal(part.replace(",", "."))
        except InvalidOperation:
            raise BadCriterion(number, line) from None
        if not 0 < weight <= MOST_WEIGHT:
            raise BadCriterion(number, line)
    years = _YEARS.search(words)
    return Criterion(id=key, text=words, weight=weight, is_must=is_must, years=int(years[1]) if years else 0)
