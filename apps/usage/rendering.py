"""Charts and files of usage: columns as numbers that a template draws, and CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from apps.core import spreadsheets
from apps.usage.services.reports import COLUMNS
from apps.usage.types import Line, Sums

WIDTH, HEIGHT, GAP = 560, 96, 2


@dataclass(frozen=True)
class Column:
    """A day's column; lengths in units of the chart, whose size is WIDTH by HEIGHT."""

    x: float
    y: float
    width: float
    height: float
    day: date
    sums: Sums


def columns(lines: Sequence[Line], measure: str) -> list[Column]:
    """Return a column a day for `cost`, `calls` or `tokens`; the highest fills the height."""
    values = [_value(line.sums, measure) for line in lines]
    most, step = max(values, default=0.0) or 1.0, WIDTH / max(1, len(lines))
    drawn = []
    for index, (line, value) in enumerate(zip(lines, values, strict=True)):
        height = max(1.0, round(HEIGHT * value / most, 1))
        if value and line.day:
            place = (round(index * step, 1), round(HEIGHT - height, 1), round(step - GAP, 1), height)
            drawn.append(Column(*place, line.day, line.sums))
    return drawn


def _value(sums: Sums, measure: str) -> float:
    if measure == "tokens":
        return float(sums.input_tokens + sums.output_tokens)
    return float(getattr(sums, measure))


def as_csv(lines: Iterable[Line]) -> str:
    """Write lines as CSV; a cell that a spreadsheet would take for a formula is made text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "name", *COLUMNS])
    for line in lines:
        writer.writerow([line.key, spreadsheets.cell(line.label), *(getattr(line.sums, column) for column in COLUMNS)])
    return out.getvalue()
