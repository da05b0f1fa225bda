"""Collects blocks under the headings that are open."""

from typing import Any

MAX_HEADING_CHARS = 160


class Outline:
    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []
        self._open: list[tuple[int, str]] = []

    def heading(self, level: int, text: str) -> None:
        """Open a heading and close those at its level and below."""
        self._open = [entry for entry in self._open if entry[0] < level]
        self._open.append((level, " ".join(text.split())[:MAX_HEADING_CHARS]))

    def add(self, text: str, page: int | None = None, is_table: bool = False) -> None:
        """Add a paragraph, list or table under the open headings."""
        if text.strip():
            headings = [title for _level, title in self._open]
            self.blocks.append({"text": text.strip(), "headings": headings, "page": page, "is_table": is_table})
