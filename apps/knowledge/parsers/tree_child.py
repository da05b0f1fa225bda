"""The child process that gives the XML of a file as a tree: its own, or the first that a PDF carries. Never imported by the product."""

import importlib
import json
import sys
from typing import Any

MOST_ELEMENTS = 200_000


def main() -> None:
    root, kind = sys.argv[1:3]
    sys.path.insert(0, f"{root}/apps/knowledge/parsers/formats")
    try:
        data = sys.stdin.buffer.read()
        xml = data if kind == "xml" else _carried(data)
        answer: dict[str, Any] = {"tree": _tree(xml) if xml else None}
    except MemoryError:
        answer = {"error": "too_large"}
    except PermissionError:
        answer = {"error": "encrypted"}
    except Exception:
        answer = {"error": "corrupt"}
    sys.stdout.write(json.dumps(answer, ensure_ascii=False))


def _carried(data: bytes) -> bytes | None:
    """Return the first XML that is attached to a PDF, as invoices are."""
    document = importlib.import_module("pdf").opened(data)
    attached = (document.get_attachment(place) for place in range(document.count_attachments()))
    return next((bytes(file.get_data()) for file in attached if file.get_name().lower().endswith(".xml")), None)


def _tree(data: bytes) -> list[Any]:
    markup = importlib.import_module("markup")
    root = markup.parsed(data)
    if sum(1 for _element in root.iter()) > MOST_ELEMENTS:
        raise MemoryError
    return _element(markup.etree, root, 0)


def _element(etree: Any, element: Any, depth: int) -> list[Any]:
    name = etree.QName(element)
    children = element.iterchildren(etree.Element) if depth < 100 else ()
    own = [element.text or "", *(child.tail or "" for child in element)]
    return [
        name.namespace or "",
        name.localname,
        "".join(own).strip(),
        dict(element.attrib),
        element.sourceline or 0,
        [_element(etree, child, depth + 1) for child in children],
    ]


if __name__ == "__main__":
    main()
