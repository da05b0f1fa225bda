"""Days as people write them, in English and German."""

import re
from datetime import date

from dateutil import parser

_GERMAN_MONTHS = {"mär": "mar", "mai": "may", "okt": "oct", "dez": "dec"}
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b|(?<=\d)\.(?=\s*[A-Za-zä])", re.IGNORECASE)


def day_in(text: str) -> date | None:
    """Return the day that a text is; the day comes before the month unless the year is first. None for none."""
    text = _ORDINAL.sub("", text)
    for german, english in _GERMAN_MONTHS.items():
        text = re.sub(rf"\b{german}\w*", english, text, flags=re.IGNORECASE)
    try:
        return parser.parse(text, dayfirst=not re.match(r"\d{4}-", text)).date()
    except (ValueError, OverflowError):
        return None
