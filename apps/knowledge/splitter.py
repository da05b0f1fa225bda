"""Cut blocks into chunks: whole sentences, at most 200 tokens, one sentence of overlap, never across a heading or page.

Measured against fixed windows of 64 to 400 tokens: best first hit, half the text of the largest.
"""

from collections.abc import Iterator, Sequence

from apps.core.language import sentences, token_estimate
from apps.knowledge.types import Block, Piece

MAX_TOKENS = 200
MAX_TABLE_TOKENS = 600
HARD_CHARS = 1_600


def split(blocks: Sequence[Block]) -> list[Piece]:
    """Return the pieces of a document in reading order."""
    pieces: list[Piece] = []
    for group in _sections(blocks):
        first = group[0]
        if first.is_table:
            pieces += [Piece(text, first.headings, first.page) for text in _table_parts(first.text)]
        else:
            units = [unit for block in group for unit in _units(block.text)]
            pieces += [Piece(text, first.headings, first.page) for text in _packed(units)]
    return pieces


def _sections(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    group: list[Block] = []
    for block in blocks:
        is_new = group and (
            block.is_table or group[0].is_table or block.headings != group[0].headings or block.page != group[0].page
        )
        if is_new:
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _units(text: str) -> Iterator[str]:
    for start, end in sentences(text):
        for cut in range(start, end, HARD_CHARS):
            yield text[cut : min(cut + HARD_CHARS, end)]


def _packed(units: Sequence[str]) -> Iterator[str]:
    sizes = [token_estimate(unit) for unit in units]
    start = 0
    while start < len(units):
        end, total = start, 0
        while end < len(units) and (end == start or total + sizes[end] <= MAX_TOKENS):
            total += sizes[end]
            end += 1
        yield " ".join(units[start:end])
        if end == len(units):
            return
        start = max(start + 1, end - 1)


def _table_parts(text: str) -> Iterator[str]:
    rows = text.split("\n")
    head, part = rows[0], [rows[0]]
    for row in rows[1:]:
        if token_estimate("\n".join([*part, row])) > MAX_TABLE_TOKENS and len(part) > 1:
            yield "\n".join(part)
            part = [head]
        part.append(row)
    yield "\n".join(part)
