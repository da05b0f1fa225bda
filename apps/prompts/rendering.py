"""The difference between two versions of a prompt, line by line."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from apps.prompts.types import DiffLine


def difference(before: str, after: str) -> list[DiffLine]:
    """Return every line of both texts, in order: what stayed, what went, what came; numbered from 1 on its side."""
    old, new = before.split("\n"), after.split("\n")
    lines: list[DiffLine] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [DiffLine("same", i1 + n + 1, j1 + n + 1, text) for n, text in enumerate(old[i1:i2])]
            continue
        lines += _side("removed", old, i1, i2)
        lines += _side("added", new, j1, j2)
    return lines


def _side(kind: str, lines: list[str], start: int, end: int) -> Iterator[DiffLine]:
    for number in range(start, end):
        before, after = (number + 1, None) if kind == "removed" else (None, number + 1)
        yield DiffLine(kind, before, after, lines[number])  # type: ignore[arg-type]
