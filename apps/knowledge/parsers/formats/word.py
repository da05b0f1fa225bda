"""DOCX by python-docx, in the order of the document; tables whole, row by row."""

import io
from typing import Any

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph
from outline import Outline


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    document = docx.Document(io.BytesIO(data))
    outline = Outline()
    styles = {
        style.style_id: style.name or "" for style in document.styles
    }  # a look-up a paragraph takes most of the time
    for item in document.iter_inner_content():
        if isinstance(item, Paragraph):
            _add_paragraph(outline, item, styles.get(item._p.style or "", ""))
        elif isinstance(item, Table):
            rows = [" | ".join(" ".join(cell.text.split()) for cell in row.cells) for row in item.rows]
            outline.add("\n".join(rows), is_table=True)
    return outline.blocks


def _add_paragraph(outline: Outline, paragraph: Paragraph, style: str) -> None:
    if style == "Title":
        outline.heading(1, paragraph.text)
    elif style.startswith("Heading ") and style[8:].isdigit():
        outline.heading(int(style[8:]) + 1, paragraph.text)
    else:
        outline.add(paragraph.text)
