"""PDF by pypdfium2, page by page; a line set larger than the body is taken as a heading. A page that is a picture gives a block without text."""

import re
from collections import Counter
from typing import Any

import pypdfium2 as pdfium
from outline import Outline
from pypdfium2 import raw

MAX_PAGES = 5_000
HEADING_RATIO = 1.12
_HYPHEN = re.compile(r"(\w)[-\u00ad\ufffe]\n(\w)")
_END = re.compile(r"[.!?:;。！？؟]['\")\]]?$")


def opened(data: bytes) -> Any:
    """Return a document. Raises PermissionError for one that is protected by a password."""
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise PermissionError from error
        raise


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    document = opened(data)
    pages = [_lines(document[number]) for number in range(min(len(document), MAX_PAGES))]
    sizes = Counter(size for lines in pages for size, text in lines for _ in range(len(text)))
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    levels = sorted({size for size in sizes if size > body * HEADING_RATIO}, reverse=True)
    outline = Outline()
    for number, lines in enumerate(pages, start=1):
        if any(text.strip() for _size, text in lines):
            _add_page(outline, lines, number, levels)
        elif _has_picture(document[number - 1]):
            outline.blocks.append({"text": "", "headings": [], "page": number, "is_table": False})
    return outline.blocks


def _has_picture(page: Any) -> bool:
    return any(True for _object in page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=2))


def _lines(page: Any) -> list[tuple[float, str]]:
    textpage = page.get_textpage()
    text = textpage.get_text_range().replace("\r\n", "\n").replace("\r", "\n")
    whole = textpage.count_chars()
    lines: list[tuple[float, str]] = []
    place = 0
    for line in text.split("\n"):
        lead = len(line) - len(line.lstrip())
        index = min(place + lead, max(0, whole - 1))
        size = round(raw.FPDFText_GetFontSize(textpage.raw, index), 1) if whole else 0.0
        lines.append((size, line.rstrip()))
        place += len(line) + 2
    textpage.close()
    page.close()
    return lines


def _add_page(outline: Outline, lines: list[tuple[float, str]], number: int, levels: list[float]) -> None:
    paragraph: list[str] = []

    def close() -> None:
        if paragraph:
            outline.add(_joined(paragraph), number)
            paragraph.clear()

    longest = max((len(text) for _size, text in lines), default=0)
    for size, text in lines:
        if not text.strip():
            close()
        elif size in levels and len(text) < 120:
            close()
            outline.heading(levels.index(size) + 1, text)
        else:
            paragraph.append(text.strip())
            if _END.search(text) and len(text) < 0.8 * longest:
                close()
    close()


def _joined(lines: list[str]) -> str:
    return " ".join(_HYPHEN.sub(r"\1\2", "\n".join(lines)).split())
