"""Days as people write them, in English, German and French."""

import re
from datetime import date

from dateutil import parser

_MONTHS = {
    "jan": "jan",
    "feb|fév|fev": "feb",
    "mar|mär": "mar",
    "apr|avr": "apr",
    "mai|may": "may",
    "jun|juin": "jun",
    "jul|juil": "jul",
    "aug|aoû|aou": "aug",
    "sep": "sep",
    "oct|okt": "oct",
    "nov": "nov",
    "dec|déc|dez": "dec",
}
"""How the names of months begin, by how the parser knows them."""
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er)\b|(?<=\d)\.(?=\s*[A-Za-zäéû])", re.IGNORECASE)


def day_in(text: str) -> date | None:
    """Return the day that a text is; the day comes before the month unless the year is first. None for none."""
    text = _ORDINAL.sub("", text)
    for begins, english in _MONTHS.items():
        text = re.sub(rf"\b(?:{begins})\w*", english, text, flags=re.IGNORECASE)
    try:
        return parser.parse(text, dayfirst=not re.match(r"\d{4}-", text)).date()
    except (ValueError, OverflowError):
        return None
