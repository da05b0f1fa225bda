"""A Word file, written with python-docx: headings, lists and tables are Word's own, so that people can go on working with them."""

import io
from binascii import crc32
from collections.abc import Callable
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from apps.core.paper.blocks import blocks_of
from apps.core.paper.pdf import as_png
from apps.core.paper.types import Block, Paper, Run

_SOFT = RGBColor(0x5B, 0x67, 0x70)
_NOT_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def as_docx(paper: Paper) -> bytes:
    """Return a document with numbered pages in its footer. Raises TooLong."""
    document: Any = Document()
    document.core_properties.title = _clean(paper.title)[:255]
    document.core_properties.author = _clean(paper.organisation)[:255]
    document.core_properties.language = paper.language
    document.styles["Normal"].font.size = Pt(10.5)
    document.sections[0].page_width, document.sections[0].page_height = Mm(210), Mm(297)
    _footer(document, paper)
    accent = RGBColor.from_string(paper.accent.removeprefix("#").upper())
    if paper.logo:
        picture = document.add_picture(io.BytesIO(paper.logo), height=Mm(11))
        picture._inline.docPr.set("descr", _clean(paper.organisation)[:255])
    owner = document.add_paragraph().add_run(_clean(paper.organisation))
    owner.bold, owner.font.color.rgb = True, accent
    for level in (1, 2, 3, 4):
        document.styles[f"Heading {level}"].font.color.rgb = accent
    document.add_heading(_clean(paper.title), level=1)
    for name, value in paper.facts:
        line = document.add_paragraph()
        line.paragraph_format.space_after = Pt(0)
        line.add_run(f"{_clean(name)}: ").bold = True
        line.add_run(_clean(value))
    for block in blocks_of(paper.text, paper.language):
        _write(document, block)
    _sources(document, paper)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _write(document: Any, block: Block, style: str | None = None) -> None:
    kind = block["kind"]
    if kind == "heading":
        heading = document.add_heading(level=block["level"])
        _fill(heading, block["runs"], block["is_rtl"])
        if block["anchor"]:
            _mark(heading, block["anchor"])
    elif kind == "paragraph":
        _fill(document.add_paragraph(style=style), block["runs"], block["is_rtl"])
    elif kind == "code":
        _coded(document.add_paragraph().add_run(_clean(block["text"])))
    elif kind == "rule":
        document.add_paragraph("* * *").alignment = WD_ALIGN_PARAGRAPH.CENTER
    elif kind == "quote":
        for inner in block["blocks"]:
            _write(document, inner, "Quote")
    else:
        _WRITERS[kind](document, block)


def _write_list(document: Any, block: Block, depth: int = 1) -> None:
    name = "List Number" if block["is_ordered"] else "List Bullet"
    style = name if depth == 1 else f"{name} {min(depth, 3)}"
    for item in block["items"]:
        for place, inner in enumerate(item):
            if inner["kind"] == "list":
                _write_list(document, inner, depth + 1)
            else:
                _write(document, inner, style if place == 0 else "List Continue")


def _write_table(document: Any, block: Block) -> None:
    width = max(1, len(block["head"]))
    table = document.add_table(rows=1, cols=width, style="Table Grid")
    mark = OxmlElement("w:tblHeader")  # the first row is repeated on each page
    mark.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    for cell, runs in zip(table.rows[0].cells, block["head"], strict=False):
        _fill(cell.paragraphs[0], [run | {"bold": True} for run in runs])  # type: ignore[misc]
    for row in block["rows"]:
        for cell, runs in zip(table.add_row().cells, row, strict=False):
            _fill(cell.paragraphs[0], runs)
    document.add_paragraph()


def _write_chart(document: Any, block: Block) -> None:
    """Write a chart as the table of its values: Word draws from it what people want."""
    document.add_paragraph().add_run(_clean(block["title"])).bold = True
    table = document.add_table(rows=1, cols=1 + len(block["series"]), style="Table Grid")
    for cell, series in zip(table.rows[0].cells[1:], block["series"], strict=True):
        cell.text = _clean(series["name"])
    for index, label in enumerate(block["labels"]):
        cells = table.add_row().cells
        for cell, text in zip(cells, (label, *(series["texts"][index] for series in block["series"])), strict=True):
            cell.text = _clean(text)
    document.add_paragraph()


def _write_diagram(document: Any, block: Block) -> None:
    """Put a diagram in as a picture that says what it shows."""
    document.add_paragraph().add_run(_clean(block["title"])).bold = True
    section = document.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    picture = document.add_picture(io.BytesIO(as_png(block["svg"])))
    share = min(1, room / picture.width, Mm(200) / picture.height)
    picture.width, picture.height = int(picture.width * share), int(picture.height * share)
    picture._inline.docPr.set("descr", _clean(block["text"])[:2_000])


_WRITERS: dict[str, Callable[[Any, Block], None]] = {
    "list": _write_list,
    "chart": _write_chart,
    "diagram": _write_diagram,
    "table": _write_table,
}


def _fill(paragraph: Any, runs: list[Run], is_rtl: bool = False) -> None:
    for run in runs:
        written = paragraph.add_run(_clean(run["text"]))
        written.bold, written.italic = run["bold"] or None, run["italic"] or None
        written.font.strike = run["struck"] or None
        if run["code"]:
            _coded(written)
        if run["href"].startswith("#"):
            _lead(paragraph, written, run["href"][1:])
        elif run["href"] and run["href"] != run["text"]:
            paragraph.add_run(f" ({_clean(run['href'])})").font.color.rgb = _SOFT
    if is_rtl:
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))


def _mark(heading: Any, anchor: str) -> None:
    """Put a bookmark around a heading."""
    ends = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for end in ends:
        end.set(qn("w:id"), str(crc32(anchor.encode()) >> 1))
    ends[0].set(qn("w:name"), _bookmark(anchor))
    heading._p.insert_element_before(ends[0], "w:r")
    heading._p.append(ends[1])


def _lead(paragraph: Any, written: Any, anchor: str) -> None:
    """Have what was written lead to a heading."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), _bookmark(anchor))
    paragraph._p.append(link)
    link.append(written._r)
    written.font.underline = True


def _bookmark(anchor: str) -> str:
    """Return a name as Word takes it: 40 letters at most, no hyphens."""
    return f"at_{crc32(anchor.encode()):08x}"


def _coded(run: Any) -> None:
    run.font.name, run.font.size = "DejaVu Sans Mono", Pt(9)


def _sources(document: Any, paper: Paper) -> None:
    if not paper.sources:
        return
    document.add_heading(_clean(paper.words.sources), level=2)
    for source in paper.sources:
        line = document.add_paragraph()
        line.add_run(f"[{source.number}] ").bold = True
        line.add_run(_clean(", ".join(filter(None, (source.document, source.place)))))
        if source.quote:
            document.add_paragraph(_clean(source.quote), style="Quote")


def _footer(document: Any, paper: Paper) -> None:
    """Number the pages: the words hold fields that Word fills in."""
    line = document.sections[0].footer.paragraphs[0]
    line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    before, _mark, rest = paper.words.page.partition("{page}")
    between, _mark, after = rest.partition("{pages}")
    for text, field in ((before, "PAGE"), (between, "NUMPAGES"), (after, "")):
        line.add_run(_clean(text))
        if field:
            _add_field(line, field)


def _add_field(paragraph: Any, name: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    paragraph._p.append(field)


def _clean(text: str) -> str:
    """Return a text without what XML does not take."""
    return text.translate(_NOT_XML)
