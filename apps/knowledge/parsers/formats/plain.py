"""Markdown and plain text: paragraphs between blank lines, ATX headings, tables kept whole."""

import re
from typing import Any

from outline import Outline

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")
_PARAGRAPHS = re.compile(r"\n\s*\n")


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    text = decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    outline = Outline()
    for paragraph in _PARAGRAPHS.split(text):
        _add(outline, paragraph, kind)
    return outline.blocks


def decoded(data: bytes) -> str:
    """Decode UTF-8 or UTF-16 by their marks, else UTF-8, else Windows-1252."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _add(outline: Outline, paragraph: str, kind: str) -> None:
    rest: list[str] = []
    for line in paragraph.split("\n"):
        match = _HEADING.match(line) if kind == "markdown" else None
        if match:
            outline.add("\n".join(rest))
            rest = []
            outline.heading(len(match[1]), match[2])
        else:
            rest.append(line)
    is_table = kind == "markdown" and len(rest) > 1 and all("|" in line for line in rest if line.strip())
    outline.add("\n".join(rest), is_table=is_table)
