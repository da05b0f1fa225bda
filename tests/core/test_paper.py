"""What is put on paper says what was written, in every look and script, and nothing of it is taken for a program."""

import io

import docx
import pypdfium2
import pytest

from apps.core.paper import Paper, Source, TooLong, as_docx, as_pdf
from apps.core.paper.blocks import blocks_of

TEXT = """## Findings

A *slanted* and **bold** `code` ~~struck~~ [link](https://example.com/a) and ![a picture](https://example.com/p.png) [1].

| Id | Amount |
| --- | ---: |
| R-1 | 1,200.00 |
| R-2 | `#read("/etc/passwd")` |

1. first
   - inner
2. second

> quoted

```
#eval("1 + 1")
```

---

نص عربي مع English
"""
SOURCE = Source(1, "Handbook.pdf", "Page 3 · Leave", "Staff receive 28 days.")


def paper(text=TEXT, **values):
    facts = [("Agent", "Analyser"), ("Asked by", "Jonas")]
    return Paper(title="Ämter & Co #1", organisation="Acme", text=text, facts=facts, sources=[SOURCE], **values)


def text_of_pdf(data):
    document = pypdfium2.PdfDocument(data)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def text_of_docx(data):
    document = docx.Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


@pytest.mark.parametrize("read", [lambda p: text_of_pdf(as_pdf(p)), lambda p: text_of_docx(as_docx(p))])
def test_everything_that_was_written_is_on_it(read):
    found = read(paper())
    for words in (
        *("Ämter & Co #1", "Acme", "Agent: Analyser", "Findings", "slanted", "struck", "a picture", "R-1", "1,200.00"),
        *(
            '#read("/etc/passwd")',
            '#eval("1 + 1")',
            "first",
            "inner",
            "quoted",
            "English",
            "Handbook.pdf, Page 3 · Leave",
        ),
        "Staff receive 28 days.",
    ):
        assert words in found, words


@pytest.mark.parametrize(
    "text", ["#### Deep\n\n## Up\n\n#### Down", "> #### Quoted", "- a\n\n  #### Listed\n\n#### After"]
)
def test_headings_skip_no_level(text):
    """PDF/UA-1 knows none that do, and so the document would not be drawn."""
    drawn = pypdfium2.PdfDocument(as_pdf(paper(text)))
    assert drawn.is_tagged() and b"pdfuaid" in as_pdf(paper(text))


@pytest.mark.parametrize("text", ["*a *b* c*", "**a **b** c**", "[a [b](https://b.example) c](https://a.example)"])
def test_looks_within_the_same_look(text):
    assert "".join(run["text"] for block in blocks_of(text) for run in block["runs"]).startswith(("a b c", "[a b c]"))
    assert as_pdf(paper(text)) and as_docx(paper(text))


def test_a_formula_breaks_within_its_line_and_can_be_copied():
    formula = "=SUM(" + ",".join(f"D{row}" for row in range(2, 900, 12)) + ")"
    page = pypdfium2.PdfDocument(as_pdf(paper(f"| How |\n| --- |\n| {formula} |")))[0]
    rights = [page.get_textpage().get_charbox(place)[2] for place in range(page.get_textpage().count_chars())]
    assert max(rights) <= page.get_width()
    assert formula in "".join(page.get_textpage().get_text_range().split())


WITHIN = "[12](#größe-1), [13](#nowhere), [14](#)\n\n| a |\n| --- |\n| [15](#größe-1) |\n\n## Größe 1\n\nText\n\n## Größe 1\n\nMore"


def test_links_within_a_pdf_lead_to_its_headings():
    data = as_pdf(paper(WITHIN))
    assert b"pdfuaid" in data and data.count(b"/Subtype/Link") == 2
    assert "12, 13, 14" in text_of_pdf(data)


def test_links_within_a_word_file_lead_to_its_headings():
    body = docx.Document(io.BytesIO(as_docx(paper(WITHIN)))).element.body
    links = body.xpath(".//w:hyperlink/@w:anchor")
    bookmarks = body.xpath(".//w:bookmarkStart[../w:pPr/w:pStyle/@w:val='Heading2']/@w:name")
    assert links == bookmarks * 2 and len(bookmarks) == 1
    assert "12, 13, 14" in text_of_docx(as_docx(paper(WITHIN)))


def test_pdf_has_numbered_pages_a_title_and_is_tagged():
    data = as_pdf(paper("\n\n".join(f"Paragraph {n}. " + "word " * 90 for n in range(40))))
    document = pypdfium2.PdfDocument(data)
    assert len(document) > 2 and document.get_metadata_value("Title") == "Ämter & Co #1"
    last = document[len(document) - 1].get_textpage().get_text_range()
    assert f"Page {len(document)} of {len(document)}" in last
    assert pypdfium2.raw.FPDFCatalog_IsTagged(document)


def test_word_file_has_real_headings_lists_and_tables():
    document = docx.Document(io.BytesIO(as_docx(paper())))
    styles = [p.style.name for p in document.paragraphs]
    assert {"Heading 1", "Heading 2", "List Number", "List Bullet 2", "Quote"} <= set(styles)
    assert [cell.text for cell in document.tables[0].rows[0].cells] == ["Id", "Amount"]
    footer = document.sections[0].footer._element.xml
    assert "PAGE" in footer and "NUMPAGES" in footer
    arabic = next(p for p in document.paragraphs if "عربي" in p.text)
    assert "w:bidi" in arabic._p.xml


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00\x0b\x1f\ufffe\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
        "> " * 200 + "deep",
        "- " * 200 + "deep",
        "| a |\n| --- |\n| b | c | d |",
        "| a | b |\n| --- | --- |\n| only |",
        "999999999999. far",
        "[x](javascript:alert(1)) [y](data:text/html,z) <script>alert(1)</script>",
        "中文测试 हिन्दी עברית",
        "\\#let x = 1 $x^2$ <label> @ref [#strong[x]]",
    ],
)
def test_odd_texts_are_drawn_too(text):
    assert as_pdf(paper(text)).startswith(b"%PDF")
    assert as_docx(paper(text)).startswith(b"PK")


def test_links_that_run_something_lead_nowhere():
    runs = [run for block in blocks_of("[x](javascript:a) [y](https://b.example)") for run in block["runs"]]
    assert [run["href"] for run in runs if run["href"]] == ["https://b.example"]


@pytest.mark.parametrize("draw", [as_pdf, as_docx])
def test_what_is_too_long_is_refused(draw):
    with pytest.raises(TooLong):
        draw(paper("x" * 300_001))
