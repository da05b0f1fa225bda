"""PDF, drawn by Typst from a template of ours; what people wrote goes in as data, never as a program (KNOWLEDGE.md, ADR 0039)."""

import json
from pathlib import Path
from typing import Literal

import structlog
import typst

from apps.core.paper.blocks import blocks_of
from apps.core.paper.types import Paper

TEMPLATE, DRAWING = Path(__file__).with_name("paper.typ"), Path(__file__).with_name("drawing.typ")
log = structlog.get_logger(__name__)


def as_pdf(paper: Paper) -> bytes:
    """Return an A4 document with numbered pages, tagged for screen readers (PDF/UA-1). Raises TooLong.

    Where no installed font has some of the letters, boxes stand for them, and it is no PDF/UA-1.
    """
    data = {
        "title": paper.title,
        "organisation": paper.organisation,
        "language": paper.language.partition("-")[0],
        "facts": paper.facts,
        "blocks": blocks_of(paper.text, paper.language),
        "sources": [vars(source) for source in paper.sources],
        "words": vars(paper.words),
        "accent": paper.accent,
        "logo": list(paper.logo),
    }
    inputs = {"paper": json.dumps(data)}
    try:
        return _drawn(inputs, is_universal=True)
    except typst.TypstError as error:
        log.warning("paper_is_not_universal", reason=str(error)[:200])
        return _drawn(inputs, is_universal=False)


def as_png(svg: str) -> bytes:
    """Return a drawing as a picture, for paper that takes no SVG."""
    inputs = {"svg": svg}
    return typst.compile(str(DRAWING), root=str(DRAWING.parent), sys_inputs=inputs, format="png", ppi=200)  # type: ignore[return-value]


def _drawn(inputs: dict[str, str], *, is_universal: bool) -> bytes:
    root = str(TEMPLATE.parent)
    standard: Literal["ua-1"] | None = "ua-1" if is_universal else None
    return typst.compile(str(TEMPLATE), root=root, sys_inputs=inputs, pdf_standards=standard, format="pdf")
