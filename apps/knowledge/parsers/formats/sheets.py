"""Tables as they are stored: CSV by its own delimiter, XLSX by openpyxl, read row by row and without formulas."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook
from plain import decoded

Rows = Iterator[list[str]]
MAX_COLUMNS = 300


def sheets(data: bytes, kind: str) -> Iterator[tuple[str, Rows]]:
    """Yield each sheet with its rows of text, empty ones left out; the one of a CSV file has no name."""
    if kind == "csv":
        yield "", _filled(_csv(decoded(data)))
        return
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in book.worksheets:
        yield (
            sheet.title,
            _filled([_text(cell) for cell in row[:MAX_COLUMNS]] for row in sheet.iter_rows(values_only=True)),
        )


def _csv(text: str) -> Iterator[list[str]]:
    try:
        dialect: Any = csv.Sniffer().sniff(text[:16_384], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    csv.field_size_limit(1 << 20)
    for row in csv.reader(io.StringIO(text, newline=""), dialect):
        yield [" ".join(cell.split()) for cell in row[:MAX_COLUMNS]]


def _filled(rows: Iterator[list[str]]) -> Rows:
    for row in rows:
        while row and not row[-1]:
            row.pop()
        if any(row):
            yield row


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime) and cell.time() == time():
        cell = cell.date()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())
