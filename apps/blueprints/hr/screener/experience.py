"""How long somebody has worked, by the periods that a résumé names: overlapping ones once, those of schooling not at all."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "januar", "january"), ("feb", "februar", "february"), ("mar", "mär", "mrz", "märz", "march"), ("apr", "april"), ("may", "mai"),
            ("jun", "juni", "june"), ("jul", "juli", "july"), ("aug", "august"), ("sep", "sept", "september"), ("oct", "okt", "october", "oktober"),
            ("nov", "november"), ("dec", "dez", "december", "dezember"),
        ),
        1,
    )
    for name in names
}  # fmt: skip
_POINT = r"(?:(?P<{0}m>\d{{1,2}})[./](?P<{0}y1>\d{{4}})|(?P<{0}w>[A-Za-zä]{{3,9}})\.?\s+(?P<{0}y2>\d{{4}})|(?P<{0}y3>\d{{4}}))"
_NOW = r"(?P<now>today|now|present|current|heute|jetzt|aktuell)"
_PERIOD = re.compile(
    rf"(?<!\d){_POINT.format('a')}\s*(?:-|–|—|to|until|bis)\s*(?:{_POINT.format('b')}|{_NOW})(?!\d)", re.IGNORECASE
)
_SCHOOLING = re.compile(
    r"\b(?:education|studies|university|degree|school|ausbildung|studium|schule|hochschule|universität|bildung\w*|schul\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Period:
    """A period of work in months since year 0, the last one not counted; `text` is how it stands there."""

    start: int
    end: int
    text: str


def is_schooling(headings: Iterable[str]) -> bool:
    """Say whether what stands below these headings is schooling."""
    return any(_SCHOOLING.search(heading) for heading in headings)


def periods_in(text: str, today: date) -> list[Period]:
    """Return the periods that a text names, those that end before they begin or begin after today left out.

    A year alone counts from its January on; as an end, until its January: what is not said is not counted.
    """
    found = []
    for match in _PERIOD.finditer(text):
        start = _month(match, "a")
        end = today.year * 12 + today.month - 1 if match["now"] else _month(match, "b")
        if start is None or end is None:
            continue
        end += 1 if match["now"] is None and match["by3"] is None else 0  # a month that is named is worked
        if start < end <= today.year * 12 + today.month:
            found.append(Period(start, end, match[0]))
    return found


def months_of(periods: Iterable[Period]) -> int:
    """Return how many months the periods take together, each month once."""
    months: set[int] = set()
    for period in periods:
        months.update(range(period.start, period.end))
    return len(months)


def _month(match: re.Match[str], side: str) -> int | None:
    year = match[f"{side}y1"] or match[f"{side}y2"] or match[f"{side}y3"]
    month = 1
    if match[f"{side}m"]:
        month = int(match[f"{side}m"])
    elif match[f"{side}w"]:
        month = _MONTHS.get(match[f"{side}w"].lower(), 0)
    if not 1 <= month <= 12 or not 1940 <= int(year) <= 2100:
        return None
    return int(year) * 12 + month - 1
