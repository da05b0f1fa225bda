"""The child process that gives the sheets of a table as rows of text. Never imported by the product."""

import importlib
import json
import sys
from itertools import islice
from typing import Any

MOST_ROWS, MOST_CELL_CHARS, MOST_SHEETS = 50_000, 2_000, 50


def main() -> None:
    root, kind = sys.argv[1:3]
    sys.path.insert(0, f"{root}/apps/knowledge/parsers/formats")
    try:
        answer: dict[str, Any] = {"sheets": _sheets(sys.stdin.buffer.read(), kind)}
    except MemoryError:
        answer = {"error": "too_large"}
    except Exception:
        answer = {"error": "corrupt"}
    sys.stdout.write(json.dumps(answer, ensure_ascii=False))


def _sheets(data: bytes, kind: str) -> list[dict[str, Any]]:
    left, found = MOST_ROWS, []
    for name, rows in islice(importlib.import_module("sheets").sheets(data, kind), MOST_SHEETS):
        taken = [[cell[:MOST_CELL_CHARS] for cell in row] for row in islice(rows, left)]
        left -= len(taken)
        if taken:
            found.append({"name": name, "rows": taken})
    return found


if __name__ == "__main__":
    main()
