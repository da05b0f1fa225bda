"""The child process that asks a table: reads a file from standard input, puts its sheets into SQLite in memory, runs one SELECT.

Never imported by the product. Arguments: the root, the kind, and what is wanted as JSON: {"sql": "" or a SELECT}.
"""

import importlib
import json
import re
import sqlite3
import sys
from datetime import date
from typing import Any

MAX_ROWS, MAX_CELL_CHARS, MAX_ANSWER_ROWS, SAMPLE_ROWS = 500_000, 2_000, 200, 3
MAX_ANSWER_CHARS, MAX_TABLES, MAX_SAMPLE_CHARS = 30_000, 20, 80
STEPS_A_LOOK, MAX_LOOKS = 100_000, 2_000
ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}
INTEGER = re.compile(r"[+-]?\d{1,15}")
DECIMAL = re.compile(r"[+-]?\d+\.\d+|[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
COMMA = re.compile(r"[+-]?\d+,\d+|[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?")


def main() -> None:
    root, kind, asked = sys.argv[1:4]
    sys.path.insert(0, f"{root}/apps/knowledge/parsers/formats")
    try:
        answer = answered(sys.stdin.buffer.read(), kind, json.loads(asked)["sql"])
    except MemoryError:
        answer = {"error": "too_large"}
    except sqlite3.Error as error:
        answer = {"refused": str(error)}
    except Exception:
        answer = {"error": "corrupt"}
    sys.stdout.write(json.dumps(answer, ensure_ascii=False))


def answered(data: bytes, kind: str, sql: str) -> dict[str, Any]:
    sheets = importlib.import_module("sheets").sheets
    database = sqlite3.connect(":memory:")
    tables = [_load(database, name, rows) for name, rows in sheets(data, kind)]
    known = [table for table in tables if table]
    if not sql:
        return {"tables": known[:MAX_TABLES]}
    database.set_authorizer(lambda action, *_about: sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY)
    looks = iter(range(MAX_LOOKS))
    database.set_progress_handler(lambda: next(looks, None) is None, STEPS_A_LOOK)
    cursor = database.execute(sql)
    rows = cursor.fetchmany(MAX_ANSWER_ROWS + 1)
    columns = [about[0] for about in cursor.description or ()]
    shown = _fitting([[_shown(cell) for cell in row] for row in rows[:MAX_ANSWER_ROWS]])
    return {"columns": columns, "rows": shown, "is_cut": len(rows) > len(shown)}


def _fitting(rows: list[list[Any]]) -> list[list[Any]]:
    """Return the first rows that a model can take in together."""
    size = 0
    for number, row in enumerate(rows):
        size += sum(len(str(cell)) for cell in row)
        if size > MAX_ANSWER_CHARS:
            return rows[:number]
    return rows


def _load(database: sqlite3.Connection, name: str, rows: Any) -> dict[str, Any] | None:
    """Make a table of a sheet whose first row names the columns; return what it is, None for an empty one."""
    head = next(rows, None)
    if head is None:
        return None
    body = [row for _number, row in zip(range(MAX_ROWS), rows, strict=False)]
    width = max([len(head), *map(len, body)])
    columns = _names([*head, *[""] * (width - len(head))])
    whole = [[cell[:MAX_CELL_CHARS] for cell in row] + [""] * (width - len(row)) for row in body]
    kinds = [_kind([row[place] for row in whole]) for place in range(width)]
    table = _free(_name(name) or "data", database)
    typed = ", ".join(
        f'"{column}" {"NUMERIC" if kind != "text" else "TEXT"}' for column, kind in zip(columns, kinds, strict=True)
    )
    database.execute(f'CREATE TABLE "{table}" ({typed})')
    filled = ([_value(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in whole)
    database.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * width)})', filled)
    first = [[cell[:MAX_SAMPLE_CHARS] for cell in row] for row in whole[:SAMPLE_ROWS]]
    about = [{"name": column, "kind": kind} for column, kind in zip(columns, kinds, strict=True)]
    return {"table": table, "sheet": name, "columns": about, "rows": len(whole), "first": first}


def _free(name: str, database: sqlite3.Connection) -> str:
    taken = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    return next(each for each in (name, *(f"{name}_{n}" for n in range(2, 1_000))) if each not in taken)


def _name(text: str) -> str:
    return re.sub(r"\W+", "_", text.strip().lower()).strip("_")[:60]


def _names(head: list[str]) -> list[str]:
    names: list[str] = []
    for place, text in enumerate(head, start=1):
        name = _name(text) or f"column_{place}"
        names.append(name if name not in names else f"{name}_{place}")
    return names


def _kind(cells: list[str]) -> str:
    """Say what a column holds: integer, decimal, decimal_comma (1.234,50), day, or text."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return "text"
    if all(INTEGER.fullmatch(cell) for cell in filled):
        has_code = any(cell.lstrip("+-").startswith("0") and len(cell) > 1 for cell in filled)
        return "text" if has_code else "integer"
    if all(INTEGER.fullmatch(cell) or DECIMAL.fullmatch(cell) for cell in filled):
        return "decimal"
    if all(INTEGER.fullmatch(cell) or COMMA.fullmatch(cell) for cell in filled):
        return "decimal_comma"
    return "day" if all(_is_day(cell) for cell in filled) else "text"


def _is_day(cell: str) -> bool:
    try:
        date.fromisoformat(cell)
    except ValueError:
        return False
    return len(cell) == 10


def _value(cell: str, kind: str) -> Any:
    if cell == "":
        return None
    if kind == "integer":
        return int(cell)
    if kind == "decimal":
        return float(cell.replace(",", ""))
    if kind == "decimal_comma":
        return float(cell.replace(".", "").replace(",", "."))
    return cell


def _shown(cell: Any) -> Any:
    if isinstance(cell, float):
        return round(cell, 10)
    return cell.hex() if isinstance(cell, bytes) else cell


if __name__ == "__main__":
    main()
