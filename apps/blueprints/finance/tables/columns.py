"""A table as columns: numbers, periods and names, told from what stands in them, in English and German."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from openpyxl.utils import get_column_letter

from apps.blueprints.cells import number_in, writes_commas
from apps.knowledge.types import Sheet

Kind = Literal["number", "period", "text"]
MOST_OTHERS = 0.1
"""The share of cells that may be something else than their column."""
TOTAL = re.compile(r"(?:(?:grand |sub-?)?total|(?:zwischen|gesamt)?summe|gesamt|insgesamt)[ :]*", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar mär", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec dez")
_BY_MONTH = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}


@dataclass(frozen=True)
class Column:
    """A column by its letter; `cells` are those of the rows that count, `rows` their numbers in the sheet."""

    name: str
    letter: str
    kind: Kind
    cells: Sequence[str]
    rows: Sequence[int]

    @property
    def numbers(self) -> list[tuple[int, Decimal]]:
        """Return the rows with their numbers; cells without one are left out."""
        has_comma = writes_commas(self.cells)
        found = ((row, number_in(cell, has_comma=has_comma)) for row, cell in zip(self.rows, self.cells, strict=True))
        return [(row, number) for row, number in found if number is not None]

    @property
    def is_whole(self) -> bool:
        """Say whether its cells are neighbours: no row of totals stands between them."""
        return self.rows[-1] - self.rows[0] + 1 == len(self.rows)

    def span(self) -> str:
        """Return its cells as spreadsheets write them: a range, or several."""
        return ",".join(self.ranges(self.rows))

    def ranges(self, rows: Sequence[int]) -> list[str]:
        """Return some of its cells, neighbours as ranges."""
        found: list[list[int]] = []
        for row in sorted(rows):
            if found and row == found[-1][1] + 1:
                found[-1][1] = row
            else:
                found.append([row, row])
        return [f"{self.letter}{a}" if a == b else f"{self.letter}{a}:{self.letter}{b}" for a, b in found]


def columns_of(sheet: Sheet) -> list[Column]:
    """Return the columns of a sheet whose first row names them; rows of totals do not count, and empty columns are left out."""
    head, body = sheet.rows[0], list(enumerate(sheet.rows[1:], start=2))
    kept = [(number, row) for number, row in body if not any(TOTAL.fullmatch(cell.strip()) for cell in row)]
    found = []
    for place in range(max(map(len, sheet.rows))):
        cells = [row[place] if place < len(row) else "" for _number, row in kept]
        if any(cells):
            name = head[place] if place < len(head) and head[place] else get_column_letter(place + 1)
            numbers = [number for number, _row in kept]
            found.append(Column(name, get_column_letter(place + 1), _kind(name, cells), cells, numbers))
    return found


def period_in(text: str) -> str:
    """Return the month, quarter or year in a cell, in an order that sorts; "" for none."""
    text = text.strip().lower()
    if found := re.fullmatch(r"(\d{4})-(\d{2})(?:-\d{2})?", text):
        return f"{found[1]}-{found[2]}"
    if found := re.fullmatch(r"(?:\d{1,2}[./])?(\d{1,2})[./](\d{4})", text):
        return f"{found[2]}-{int(found[1]):02}"
    if found := re.fullmatch(r"(?:q([1-4])[ /-]*(\d{4}))|(?:(\d{4})[ /-]*q([1-4]))", text):
        return f"{found[2] or found[3]}-Q{found[1] or found[4]}"
    if found := re.fullmatch(r"([a-zä]{3})[a-zä]*\.?[ /-]*(\d{4})", text):
        month = _BY_MONTH.get(found[1])
        return f"{found[2]}-{month:02}" if month else ""
    return text if re.fullmatch(r"(?:19|20)\d{2}", text) else ""


def _kind(name: str, cells: Sequence[str]) -> Kind:
    filled = [cell for cell in cells if cell]
    most = len(filled) * MOST_OTHERS
    if sum(not period_in(cell) for cell in filled) <= most:
        return "period"
    has_comma = writes_commas(filled)
    is_code = re.search(r"\b(?:id|no|nr|number|code|konto|account)\b", name, re.IGNORECASE) is not None
    if not is_code and sum(number_in(cell, has_comma=has_comma) is None for cell in filled) <= most:
        return "number"
    return "text"
