"""JSON: a list of flat objects is a table, everything else a line a value, under its path."""

import json
from collections.abc import Iterator
from typing import Any

from outline import Outline
from plain import decoded

MAX_ROWS = 5_000
Flat = str | int | float | bool | None


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    value = json.loads(decoded(data))
    outline = Outline()
    parts = value.items() if isinstance(value, dict) else [("", value)]
    loose = []
    for name, part in parts:
        if isinstance(part, dict | list):
            if name:
                outline.heading(1, str(name))
            _add(outline, part)
        else:
            loose.append(f"{name}: {_text(part)}" if name else _text(part))
    ahead = Outline()
    ahead.add("\n".join(loose))
    return [*ahead.blocks, *outline.blocks]


def _add(outline: Outline, part: Any) -> None:
    if isinstance(part, list) and part and all(_is_flat(each) for each in part):
        columns = list(dict.fromkeys(name for each in part for name in each))
        rows = [columns, *([_text(each.get(name)) for name in columns] for each in part[:MAX_ROWS])]
        outline.add("\n".join(" | ".join(row) for row in rows), is_table=True)
    else:
        outline.add("\n".join(_lines(part, "")))


def _is_flat(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, Flat) for each in value.values())


def _lines(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _lines(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for number, each in enumerate(value, start=1):
            yield from _lines(each, f"{path} {number}".strip())
    else:
        yield f"{path}: {_text(value)}" if path else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
