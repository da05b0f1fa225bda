"""CSV and XLSX as text: a table a sheet, under the sheet's name; of very long ones the beginning."""

from itertools import islice
from typing import Any

from outline import Outline
from sheets import sheets

MAX_ROWS = 5_000


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    outline = Outline()
    for name, rows in sheets(data, kind):
        if name:
            outline.heading(1, name)
        outline.add("\n".join(" | ".join(row) for row in islice(rows, MAX_ROWS)), is_table=True)
    return outline.blocks
