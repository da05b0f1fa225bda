"""PPTX by python-pptx: a slide a page, under its title; tables whole, then the speaker's notes."""

import io
from collections.abc import Iterator
from typing import Any

from outline import Outline
from pptx import Presentation
from pptx.shapes.group import GroupShape


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    outline = Outline()
    for number, slide in enumerate(Presentation(io.BytesIO(data)).slides, start=1):
        title = slide.shapes.title
        if title is not None and title.has_text_frame and title.text_frame.text.strip():
            outline.heading(1, title.text_frame.text)
        for shape in _shapes(slide.shapes):
            if title is not None and shape.shape_id == title.shape_id:
                continue
            _add(outline, shape, number)
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            outline.add(slide.notes_slide.notes_text_frame.text, number)
    return outline.blocks


def _shapes(shapes: Any) -> Iterator[Any]:
    for shape in shapes:
        if isinstance(shape, GroupShape):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _add(outline: Outline, shape: Any, number: int) -> None:
    if getattr(shape, "has_table", False) and shape.has_table:
        rows = [" | ".join(" ".join(cell.text.split()) for cell in row.cells) for row in shape.table.rows]
        outline.add("\n".join(rows), number, is_table=True)
    elif shape.has_text_frame:
        outline.add(shape.text_frame.text, number)
