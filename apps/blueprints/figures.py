"""Figures in results: what they rest on, how they are written, and whether those of a text are backed by what was computed or said."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_decimal
from django.utils.translation import get_language, to_locale

from apps.agents.blueprints import Typed
from apps.core.reports import Led, led

CENT = Decimal("0.01")
Receipts = Mapping[str, Sequence[Decimal]]
"""The values of a result by the title under which it stands how they were computed; "" for those that were given."""
_MARKUP = re.compile(r"[\[\]`<>]")
_FIGURE = re.compile(r"\d+(?:[.,' \u00a0\u202f]\d+)*")


class Figure(Typed):
    """A figure with its receipt: how it is computed."""

    value: Decimal
    how: str


def rounded(number: Decimal) -> Decimal:
    """Return an amount in cents, half of one rounded up."""
    return number.quantize(CENT, ROUND_HALF_UP)


def shown(number: Decimal) -> str:
    """Return an amount as the reader writes it: at least two decimals, those of a price all."""
    return _formatted(number, "#,##0.00##########")


def counted(number: Decimal) -> str:
    """Return a quantity as the reader writes it."""
    return _formatted(number, "#,##0.############")


def is_backed(text: str, *, values: Iterable[Decimal] = (), names: Iterable[str] = (), said: str = "") -> bool:
    """Say whether each figure in a text is backed: it is one of the values, rounded to the decimals that it has and its sign aside, stands in
    one of the names, which is there as a whole, or in what was said.
    """
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = text.replace(name, " ")
    stands, computed = set(_FIGURE.findall(said)), [abs(value) for value in values]
    return all(
        figure in stands or any(_is_it(read, value) for read in _readings(figure) for value in computed)
        for figure in _FIGURE.findall(text)
    )


def with_receipts(text: str, receipts: Receipts, names: Iterable[str]) -> str:
    """Return a text in which each figure leads to the title under which its receipt stands; one with markup of its own stays as it is."""
    if _MARKUP.search(text):
        return text
    whole = [re.escape(name) for name in sorted(filter(None, names), key=len, reverse=True)]
    return re.sub("|".join([*whole, f"(?P<figure>{_FIGURE.pattern})"]), lambda found: _led(found, receipts), text)


def _led(found: re.Match[str], receipts: Receipts) -> str:
    readings = list(_readings(found["figure"])) if found["figure"] else []
    titles = (
        title
        for title, values in receipts.items()
        if title and any(_is_it(read, abs(value)) for read in readings for value in values)
    )
    title = next(titles, None)
    return led(Led(found[0], title)) if title else found[0]


def _readings(figure: str) -> Iterator[Decimal]:
    """Yield what a figure can mean, with a point or a comma before its decimals."""
    bare = re.sub(r"[' \u00a0\u202f]", "", figure)
    for decimal, thousands in ((".", ","), (",", ".")):
        text = bare.replace(thousands, "").replace(decimal, ".")
        if text.count(".") <= 1:
            yield Decimal(text)


def _is_it(read: Decimal, value: Decimal) -> bool:
    """Say whether a figure is a value, or one rounded to decimals or to three digits at least: small whole numbers are soon something."""
    if read == value:
        return True
    if int(read.as_tuple().exponent) >= 0 and len(read.as_tuple().digits) < 3:
        return False
    return value.quantize(Decimal(1).scaleb(int(read.as_tuple().exponent)), ROUND_HALF_UP) == read


def _formatted(number: Decimal, pattern: str) -> str:
    return format_decimal(number, pattern, to_locale(get_language() or "en"), decimal_quantization=False)
