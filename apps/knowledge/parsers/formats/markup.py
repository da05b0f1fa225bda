"""XML by lxml, with neither entities nor addresses followed: each element with text is a line under its path, the outermost parts are headings."""

from collections.abc import Iterator
from typing import Any

from lxml import etree
from outline import Outline

DEEPEST = 100


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    root = parsed(data)
    parts = list(root.iterchildren(etree.Element))
    outline = Outline()
    outline.heading(1, _name(root))
    outline.add("\n".join(line for part in parts or [root] if not len(part) for line in _lines(part, "")))
    for part in parts:
        if len(part):
            outline.heading(2, _name(part))
            outline.add("\n".join(_lines(part, "")))
    return outline.blocks


def parsed(data: bytes) -> Any:
    """Return the root of a document. Raises lxml.etree.XMLSyntaxError, ValueError for one that declares entities."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(data, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("documents with a DTD are not read")
    return root


def _lines(element: Any, path: str, depth: int = 0) -> Iterator[str]:
    here = f"{path} {_name(element)}".strip()
    text = " ".join((element.text or "").split())
    if text:
        yield f"{here}: {text}"
    if depth < DEEPEST:
        for child in element.iterchildren(etree.Element):
            yield from _lines(child, here, depth + 1)


def _name(element: Any) -> str:
    return etree.QName(element).localname
