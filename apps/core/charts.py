"""Charts: columns over labels, written in Markdown as a fence of the language `chart` with JSON in it. No framework.

The JSON is {"title", "unit", "labels": […], "series": [{"name", "values": […]}]}: up to 60 labels, up to 2 series of finite numbers.
"""

import math
from dataclasses import dataclass

import orjson
from babel.numbers import format_decimal

FENCE = "chart"
MOST_LABELS, MOST_SERIES, MOST_CHARS = 60, 2, 80


@dataclass(frozen=True)
class Series:
    """Values by label, in order."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Chart:
    """What is drawn; each series has a value for each label."""

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""


def chart_of(text: str) -> Chart | None:
    """Read what stands in a fence; None for what is no chart."""
    try:
        raw = orjson.loads(text)
        labels = tuple(str(label)[:MOST_CHARS] for label in raw["labels"])
        series = tuple(
            Series(str(each["name"])[:MOST_CHARS], tuple(map(float, each["values"]))) for each in raw["series"]
        )
        chart = Chart(str(raw["title"])[:MOST_CHARS], labels, series, str(raw.get("unit", ""))[:MOST_CHARS])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None
    is_fitting = 0 < len(labels) <= MOST_LABELS and 0 < len(series) <= MOST_SERIES
    is_whole = all(len(each.values) == len(labels) and all(map(math.isfinite, each.values)) for each in series)
    return chart if is_fitting and is_whole else None


def fenced(chart: Chart) -> str:
    """Write a chart as it stands in Markdown."""
    series = [{"name": each.name, "values": each.values} for each in chart.series]
    raw = {"title": chart.title, "unit": chart.unit, "labels": chart.labels, "series": series}
    return f"```{FENCE}\n{orjson.dumps(raw).decode()}\n```"


def shown(value: float, locale: str) -> str:
    """Return a value as it is written in a locale, with two decimals at most."""
    return str(format_decimal(round(value, 2), "#,##0.##", locale))
