"""Spreadsheet formulas as receipts have them, worked out over the rows of a table: apart from what wrote them."""

import re
from decimal import Decimal, InvalidOperation
from statistics import median

_TEXT = re.compile(r'"((?:[^"]|"")*)"')
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
_RANGE = re.compile(r"\b([A-Z])(\d+):[A-Z](\d+)\b")
_CELL = re.compile(r"\b([A-Z])(\d+)\b")


class Cells(list):
    """A range; a range or a number is taken away from it cell by cell."""

    def __sub__(self, other):
        others = other if isinstance(other, Cells) else [other] * len(self)
        return Cells(a - b for a, b in zip(self, others, strict=True))


def worked_out(formula, rows):
    """Return what a formula comes to; `rows` are those of the sheet, the first with the names of the columns."""
    known = {"Decimal": Decimal, **_FUNCTIONS}

    def cell(column, row):
        text = rows[int(row) - 1][ord(column) - ord("A")]
        try:
            return Decimal(text)
        except InvalidOperation:
            return text

    def keep(match):
        known[name := f"text_{len(known)}"] = re.sub(r"~([~*?])", r"\1", match[1].replace('""', '"'))
        return name

    known["cell"] = cell
    known["span"] = lambda column, first, last: Cells(cell(column, row) for row in range(first, last + 1))
    code = _TEXT.sub(keep, formula.removeprefix("="))
    code = _NUMBER.sub(lambda match: f"Decimal('{match[0]}')", code)
    code = _RANGE.sub(r"span('\1', \2, \3)", code)
    code = _CELL.sub(r"cell('\1', \2)", code)
    return eval(code, {"__builtins__": {}}, known)


def _flat(parts):
    return [each for part in parts for each in (part if isinstance(part, Cells) else [part])]


_FUNCTIONS = {
    "SUM": lambda *parts: sum(_flat(parts), Decimal(0)),
    "SUMIF": lambda names, name, numbers: sum(
        (n for key, n in zip(names, numbers, strict=True) if key == name), Decimal(0)
    ),
    "AVERAGE": lambda *parts: sum(_flat(parts), Decimal(0)) / len(_flat(parts)),
    "MEDIAN": lambda *parts: median(_flat(parts)),
    "MIN": lambda *parts: min(_flat(parts)),
    "MAX": lambda *parts: max(_flat(parts)),
    "ABS": lambda part: Cells(map(abs, part)) if isinstance(part, Cells) else abs(part),
}
