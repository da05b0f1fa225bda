"""HTML by selectolax: what a reader sees, under its headings; scripts, styles and navigation left out."""

from typing import Any

from outline import Outline
from plain import decoded
from selectolax.lexbor import LexborHTMLParser, LexborNode

_LEFT_OUT = ["script", "style", "noscript", "template", "svg", "nav", "iframe", "head"]
_LEVELS = {f"h{n}": n for n in range(1, 7)}
_LEAVES = {"p", "li", "pre", "blockquote", "dt", "dd", "figcaption", "caption"}


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    tree = LexborHTMLParser(decoded(data))
    tree.strip_tags(_LEFT_OUT)
    outline = Outline()
    if tree.body is not None:
        _walk(outline, tree.body)
    return outline.blocks


def _walk(outline: Outline, root: LexborNode) -> None:
    stack = [root.child]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        stack.append(node.next)
        tag = node.tag or ""
        if tag in _LEVELS:
            outline.heading(_LEVELS[tag], node.text(separator=" "))
        elif tag == "table":
            outline.add(_table(node), is_table=True)
        elif tag in _LEAVES or tag == "-text":
            outline.add(" ".join(node.text(separator=" ").split()))
        elif node.child is not None:
            stack.append(node.child)


def _table(table: LexborNode) -> str:
    rows = [[" ".join(cell.text(separator=" ").split()) for cell in row.css("th,td")] for row in table.css("tr")]
    return "\n".join(" | ".join(row) for row in rows)
