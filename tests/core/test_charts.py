"""Charts in Markdown: drawn where they are whole, code where they are not, and nothing in them is taken for HTML."""

import io

import pytest
from docx import Document

from apps.core.charts import Chart, Series, chart_of, fenced
from apps.core.markdown import BlockRenderer, render
from apps.core.paper import Paper, as_docx, as_pdf

CHART = Chart("Costs", ("Jan", "Feb"), (Series("Plan", (10.0, -5.0)), Series("Actual", (12.5, 0.0))), "EUR")


def paper():
    return Paper(title="Report", text=fenced(CHART), organisation="Acme", facts=[], sources=[])


def test_a_chart_is_read_as_it_was_written():
    assert chart_of(fenced(CHART).removeprefix("```chart\n").removesuffix("\n```")) == CHART


def test_a_column_for_each_value_with_its_words():
    html = render(f"Before\n\n{fenced(CHART)}\n\nAfter")
    assert html.count("<rect") == 4 + 2  # the legend has two
    assert "<title>Actual, Jan: 12.5 EUR</title>" in html
    assert "<title>Plan, Feb: -5 EUR</title>" in html
    assert 'aria-label="Costs"' in html
    assert "<p>After</p>" in html


def test_what_is_written_in_a_chart_is_escaped():
    hostile = '"><script>alert(1)</script>'
    html = render(fenced(Chart(hostile, (hostile,), (Series(hostile, (1.0,)), Series("b", (2.0,))), hostile)))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "text",
    [
        "{nope}",
        "[]",
        '{"title": "a", "labels": ["x"], "series": []}',
        '{"title": "a", "labels": ["x"], "series": [{"name": "s", "values": [1, 2]}]}',
        '{"title": "a", "labels": ["x"], "series": [{"name": "s", "values": ["NaN"]}]}',
        '{"title": "a", "labels": ["x"], "series": [{"name": "s", "values": [1e999]}]}',
        '{"title": "a", "labels": ["x"], "series": [{"name": "s", "values": null}]}',
        '{"title": "a", "labels": [%s], "series": [{"name": "s", "values": [%s]}]}' % (",".join(['"x"'] * 61), ",".join("1" * 61)),
    ],
)  # fmt: skip
def test_what_is_no_chart_stays_code(text):
    html = render(f"```chart\n{text}\n```")
    assert chart_of(text) is None
    assert ('<svg class="chart"' in html, '<pre class="hl"' in html) == (False, True)


def test_a_chart_that_is_still_written_is_code_until_it_is_whole():
    renderer = BlockRenderer()
    renderer.feed(fenced(CHART)[:40])
    assert "<rect" not in renderer.tail()
    renderer.feed(fenced(CHART)[40:])
    assert "<rect" in renderer.tail()


def test_on_paper():
    assert as_pdf(paper()).startswith(b"%PDF")
    [table] = Document(io.BytesIO(as_docx(paper()))).tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["", "Plan", "Actual"], ["Jan", "10 EUR", "12.5 EUR"], ["Feb", "-5 EUR", "0 EUR"]]  # fmt: skip
