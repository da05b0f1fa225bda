"""Markdown as blocks of runs, which every kind of paper draws in its own way. Raw HTML is text, images are their words."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from apps.core import charts, diagrams
from apps.core.anchors import anchor_of
from apps.core.charts import Chart, chart_of, shown
from apps.core.diagrams import Diagram, diagram_of
from apps.core.paper.types import Block, Run, TooLong, Values

MOST_CHARS = 300_000
DEEPEST = 8
_SAFE = ("https:", "http:", "mailto:", "#")
_LOOKS = {"strong": "bold", "em": "italic", "s": "struck"}
_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def blocks_of(text: str, language: str = "en") -> list[Block]:
    """Return a text's blocks, the values of its charts as they are written in a language. Raises TooLong."""
    if len(text) > MOST_CHARS:
        raise TooLong
    found = _blocks(SyntaxTreeNode(_parser.parse(text)).children, 0)
    _level(found, 1)
    _tie(found)
    return [_drawn(block, language) for block in found]


def _level(blocks: list[Block], above: int) -> int:
    """Have no heading skip a level, which readers of screens stumble over; return the level of the last one."""
    for block in blocks:
        if block["kind"] == "heading":
            above = block["level"] = min(block["level"], above + 1)
        for inside in (block.get("blocks", ()), *block.get("items", ())):
            above = _level(inside, above)
    return above


def _tie(blocks: list[Block]) -> None:
    """Name the headings by which links within the text lead to them, and have links without one lead nowhere."""
    every, anchors = list(_each(blocks)), {""}
    for heading in (block for block in every if block["kind"] == "heading"):
        anchor = anchor_of("".join(run["text"] for run in heading["runs"]))
        heading["anchor"] = "" if anchor in anchors else anchor
        anchors.add(anchor)
    for run in (run for block in every for run in _runs(block) if run["href"].startswith("#")):
        anchor = unquote(run["href"][1:])
        run["href"] = f"#{anchor}" if anchor in anchors - {""} else ""


def _each(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks with those within them."""
    for block in blocks:
        yield block
        for inside in (block.get("blocks", ()), *block.get("items", ())):
            yield from _each(inside)


def _runs(block: Block) -> Iterator[Run]:
    yield from block.get("runs", ())
    for cell in (*block.get("head", ()), *(cell for row in block.get("rows", ()) for cell in row)):
        yield from cell


def _drawn(block: Block, language: str) -> Block:
    """Make a chart or a diagram of code that is one; within lists and quotes it stays code."""
    written = block.get("language") if block["kind"] == "code" else None
    chart = chart_of(block["text"]) if written == charts.FENCE else None
    diagram = diagram_of(block["text"]) if written == diagrams.FENCE else None
    if diagram is not None:
        return _diagram(diagram)
    return _chart(chart, language) if chart is not None else block


def _blocks(nodes: list[SyntaxTreeNode], depth: int) -> list[Block]:
    return [block for node in nodes if (block := _block(node, depth)) is not None]


def _block(node: SyntaxTreeNode, depth: int) -> Block | None:
    if depth >= DEEPEST and node.type in ("blockquote", "bullet_list", "ordered_list"):
        return {"kind": "paragraph", "runs": [_run(_plain(node))], "is_rtl": False}
    return _MAKERS.get(node.type, _paragraph)(node, depth)


def _heading(node: SyntaxTreeNode, _depth: int) -> Block:
    runs = _inline(node)
    level = min(max(int(node.tag[1]), 2), 4)
    return {"kind": "heading", "level": level, "runs": runs, "is_rtl": _is_rtl(runs), "anchor": ""}


def _paragraph(node: SyntaxTreeNode, _depth: int) -> Block | None:
    runs = _inline(node)
    return {"kind": "paragraph", "runs": runs, "is_rtl": _is_rtl(runs)} if runs else None


def _code(node: SyntaxTreeNode, _depth: int) -> Block:
    return {"kind": "code", "text": node.content.rstrip("\n"), "language": node.info.strip()}


def _chart(chart: Chart, language: str) -> Block:
    locale = language.replace("-", "_")
    longest = max((abs(value) for series in chart.series for value in series.values), default=0.0) or 1.0
    series: list[Values] = [
        {
            "name": each.name,
            "texts": [f"{shown(value, locale)} {chart.unit}".strip() for value in each.values],
            "shares": [value / longest for value in each.values],
        }
        for each in chart.series
    ]
    return {"kind": "chart", "title": chart.title, "labels": list(chart.labels), "series": series}


def _diagram(diagram: Diagram) -> Block:
    drawing = diagrams.svg(diagram, style=diagrams.STYLE)
    return {"kind": "diagram", "title": diagram.title, "text": diagrams.told(diagram) or diagram.title, "svg": drawing}


def _rule(_node: SyntaxTreeNode, _depth: int) -> Block:
    return {"kind": "rule"}


def _quote(node: SyntaxTreeNode, depth: int) -> Block:
    return {"kind": "quote", "blocks": _blocks(node.children, depth + 1)}


def _list(node: SyntaxTreeNode, depth: int) -> Block:
    items = [_blocks(item.children, depth + 1) for item in node.children]
    start = int(node.attrs.get("start", 1)) % 1_000_000
    return {"kind": "list", "is_ordered": node.type == "ordered_list", "start": start, "items": items}


def _table(node: SyntaxTreeNode, _depth: int) -> Block:
    rows = [[_inline(cell) for cell in row.children] for part in node.children for row in part.children]
    return {"kind": "table", "head": rows[0], "rows": rows[1:]}


def _inline(node: SyntaxTreeNode, **look: Any) -> list[Run]:
    runs: list[Run] = []
    for child in node.children:
        if child.type in ("inline", *_LOOKS):
            runs += _inline(child, **look | ({_LOOKS[child.type]: True} if child.type in _LOOKS else {}))
        elif child.type == "link":
            address = str(child.attrs.get("href", ""))
            runs += _inline(child, **look | {"href": address if address.startswith(_SAFE) else ""})
        elif child.type in ("softbreak", "hardbreak"):
            runs.append(_run("\n" if child.type == "hardbreak" else " ", **look))
        elif child.type == "code_inline":
            runs.append(_run(child.content, **look | {"code": True}))
        else:
            runs.append(_run(_plain(child), **look))
    return [run for run in runs if run["text"]]


def _is_rtl(runs: list[Run]) -> bool:
    """Say whether the first letter that has a direction is written from the right."""
    directions = (unicodedata.bidirectional(letter) for run in runs for letter in run["text"])
    return next((found for found in directions if found in ("L", "R", "AL")), "L") != "L"


def _run(text: str, **look: Any) -> Run:
    base: Run = {"text": text, "bold": False, "italic": False, "code": False, "struck": False, "href": ""}
    return base | look  # type: ignore[return-value]


def _plain(node: SyntaxTreeNode) -> str:
    """Return all words below a node."""
    if not node.children:
        return node.content
    return " ".join(filter(None, (_plain(child) for child in node.children)))


_MAKERS: dict[str, Callable[[SyntaxTreeNode, int], Block | None]] = {
    "heading": _heading,
    "fence": _code,
    "code_block": _code,
    "hr": _rule,
    "blockquote": _quote,
    "bullet_list": _list,
    "ordered_list": _list,
    "table": _table,
}
