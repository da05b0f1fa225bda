"""Charts and diagrams as SVG for pages; what people and models wrote in them is escaped."""

import html
from collections.abc import Sequence

from django.utils.translation import get_language, to_locale

from apps.core import diagrams
from apps.core.charts import Chart, Series, shown
from apps.core.diagrams import Diagram

_WIDTH, _HEIGHT, _TOP, _FOOT, _EVERY_UP_TO = 700, 200, 14, 22, 12


def svg_of(chart: Chart) -> str:
    """Return a figure of safe HTML: a column a value, the highest and the lowest value at the side, a legend for two series."""
    values = [value for series in chart.series for value in series.values]
    high, low = max(0.0, *values), min(0.0, *values)
    span = high - low or 1.0
    height = _HEIGHT - _TOP - _FOOT

    def place(value: float) -> float:
        return round(_TOP + (high - value) / span * height, 2)

    zero = place(0.0)
    parts = [f'<line class="grid" x1="0" x2="{_WIDTH}" y1="{zero}" y2="{zero}"/>']
    parts += [
        _column(chart, index, number, place(value), zero)
        for number, series in enumerate(chart.series)
        for index, value in enumerate(series.values)
    ]
    parts += [f'<text x="0" y="{_TOP - 4}">{html.escape(_with_unit(high, chart.unit))}</text>']
    parts += [f'<text x="0" y="{place(low) - 3}">{html.escape(_with_unit(low, chart.unit))}</text>'] if low < 0 else []
    parts += _names(chart.labels)
    title = html.escape(chart.title)
    drawing = (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">{"".join(parts)}</svg>'
    )
    box = f'<div class="chartwrap" tabindex="0" role="group" aria-label="{title}">{drawing}</div>'
    return f'<figure class="chartbox"><figcaption>{title}{_legend(chart.series)}</figcaption>{box}</figure>'


def figure_of(diagram: Diagram) -> str:
    """Return a diagram as a figure of safe HTML, with the arrows in words for those who do not see it."""
    title = html.escape(diagram.title)
    box = f'<div class="chartwrap" tabindex="0" role="group" aria-label="{title}">{diagrams.svg(diagram)}</div>'
    words = f'<p class="sr">{html.escape(diagrams.told(diagram))}</p>'
    return f'<figure class="chartbox"><figcaption>{title}</figcaption>{box}{words}</figure>'


def _column(chart: Chart, index: int, number: int, top: float, zero: float) -> str:
    step = _WIDTH / len(chart.labels)
    width = step * 0.7 / len(chart.series)
    x = index * step + step * 0.15 + number * width
    series = chart.series[number]
    name = f"{series.name}, " if len(chart.series) > 1 else ""
    words = html.escape(f"{name}{chart.labels[index]}: {_with_unit(series.values[index], chart.unit)}")
    y, tall = min(top, zero), abs(zero - top)
    return f'<rect class="b{number + 1}" x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{tall:.2f}"><title>{words}</title></rect>'


def _names(labels: Sequence[str]) -> list[str]:
    """Name each column where there is room, else the first and the last."""
    step, y = _WIDTH / len(labels), _HEIGHT - 4
    if len(labels) <= _EVERY_UP_TO:
        most = max(3, int(step / 7))
        middle = [
            (index * step + step / 2, label if len(label) <= most else f"{label[: most - 1]}…")
            for index, label in enumerate(labels)
        ]
        return [f'<text x="{x:.2f}" y="{y}" text-anchor="middle">{html.escape(label)}</text>' for x, label in middle]
    first, last = html.escape(labels[0]), html.escape(labels[-1])
    return [f'<text x="0" y="{y}">{first}</text>', f'<text x="{_WIDTH}" y="{y}" text-anchor="end">{last}</text>']


def _legend(series: Sequence[Series]) -> str:
    if len(series) < 2:
        return ""
    keys = (
        f'<span class="key"><svg class="chart" viewBox="0 0 10 10" aria-hidden="true"><rect class="b{number}" width="10" height="10"/></svg>{html.escape(each.name)}</span>'
        for number, each in enumerate(series, start=1)
    )
    return f' <span class="meta">{" ".join(keys)}</span>'


def _with_unit(value: float, unit: str) -> str:
    return f"{shown(value, to_locale(get_language() or 'en'))} {unit}".strip()
