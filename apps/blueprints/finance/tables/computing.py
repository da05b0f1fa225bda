"""What a table comes to. Every figure carries the formula that gives it in a spreadsheet, so that anybody can compute it again."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import pairwise
from statistics import median

from django.utils.translation import gettext as _

from apps.blueprints.figures import rounded
from apps.blueprints.finance.tables.columns import Column, period_in
from apps.blueprints.finance.tables.results import Figure, Measure, Outlier, Shares, Trend, Variance

MOST_RANGES = 4
MOST_COLUMNS, MOST_NAMES, MOST_VARIANCES, MOST_OUTLIERS = 8, 20, 40, 20
LEAST_FOR_OUTLIERS, FAR = 8, Decimal("3.5")
_ROBUST = Decimal("0.6745")
"""Makes the median distance from the median comparable with a standard deviation (Iglewicz and Hoaglin 1993, with the limit of 3.5)."""
_PLAN = re.compile(r"\b(?:plan\w*|budget\w*|forecast|target|soll)\b", re.IGNORECASE)
_ACTUAL = re.compile(r"\b(?:actuals?|ist|real\w*)\b", re.IGNORECASE)
Numbers = Sequence[tuple[int, Decimal]]


def measure(column: Column) -> Measure:
    """Return a column's sum, mean, median, least and greatest."""
    numbers = [number for _row, number in column.numbers]
    span, total = column.span(), sum(numbers, Decimal(0))
    figures = [
        Figure(name=_("Sum"), value=total, how=f"=SUM({span})"),
        Figure(name=_("Mean"), value=rounded(total / len(numbers)), how=f"=AVERAGE({span})"),
        Figure(name=_("Median"), value=rounded(median(numbers)), how=f"=MEDIAN({span})"),
        Figure(name=_("Least"), value=min(numbers), how=f"=MIN({span})"),
        Figure(name=_("Greatest"), value=max(numbers), how=f"=MAX({span})"),
    ]
    return Measure(column=column.name, figures=figures)


def trend(column: Column, periods: Column) -> Trend | None:
    """Return a column by period; None for fewer than two periods."""
    by_row = dict(zip(periods.rows, periods.cells, strict=True))
    groups: dict[str, list[tuple[int, Decimal]]] = {}
    for row, number in column.numbers:
        if period := period_in(by_row[row]):
            groups.setdefault(period, []).append((row, number))
    if len(groups) < 2:
        return None
    totals = [
        Figure(name=period, value=_sum(groups[period]), how=_cells(column, [row for row, _number in groups[period]]))
        for period in sorted(groups)
    ]
    changes = [None, *(_change(before, after) for before, after in pairwise(totals))]
    whole = _change(totals[0], totals[-1])
    return Trend(column=column.name, totals=totals, changes=changes, whole=whole, slope=_slope(totals))


def shares(column: Column, names: Column) -> Shares | None:
    """Return a column by the names in another, those beyond the largest 20 together; None for one name, or where something is negative."""
    by_row = dict(zip(names.rows, names.cells, strict=True))
    groups: dict[str, list[tuple[int, Decimal]]] = {}
    for row, number in column.numbers:
        groups.setdefault(by_row[row] or "–", []).append((row, number))
    whole = _sum(column.numbers)
    if not 2 <= len(groups) <= len(column.rows) / 2 or whole <= 0 or any(_sum(rows) < 0 for rows in groups.values()):
        return None
    ordered = sorted(groups, key=lambda name: -_sum(groups[name]))
    rest = sorted(pair for name in ordered[MOST_NAMES:] for pair in groups[name])
    found = [(name, groups[name]) for name in ordered[:MOST_NAMES]] + ([(_("Others"), rest)] if rest else [])
    totals = [
        Figure(name=name, value=_sum(rows), how=_cells(column, [row for row, _number in rows])) for name, rows in found
    ]
    parts = [
        Figure(
            name=total.name, value=rounded(100 * total.value / whole), how=f"={_bare(total)}/SUM({column.span()})*100"
        )
        for total in totals
    ]
    return Shares(column=column.name, by=names.name, totals=totals, shares=parts)


def planned(columns: Sequence[Column]) -> tuple[Column, Column] | None:
    """Return the columns of what was planned and of what came; None without one of each."""
    plan = next((column for column in columns if _PLAN.search(column.name)), None)
    actual = next((column for column in columns if _ACTUAL.search(column.name) and column is not plan), None)
    return (plan, actual) if plan is not None and actual is not None else None


def variances(plan: Column, actual: Column, names: Column | None) -> list[Variance]:
    """Return plan beside actual by name (the largest differences first, up to 40), and together."""
    wanted, came = dict(plan.numbers), dict(actual.numbers)
    by_row = dict(zip(names.rows, names.cells, strict=True)) if names else {}
    groups: dict[str, list[int]] = {}
    for row in sorted(set(wanted) & set(came)):
        groups.setdefault(by_row.get(row) or str(row), []).append(row)
    found = [
        _variance(
            name,
            Figure(name=plan.name, value=_sum([(row, wanted[row]) for row in rows]), how=_cells(plan, rows, names)),
            Figure(name=actual.name, value=_sum([(row, came[row]) for row in rows]), how=_cells(actual, rows, names)),
        )
        for name, rows in groups.items()
    ]
    found.sort(key=lambda each: -abs(each.difference.value))
    both = sorted(row for rows in groups.values() for row in rows)
    whole = _variance(
        _("Together"),
        Figure(name=plan.name, value=_sum([(row, wanted[row]) for row in both]), how=_cells(plan, both)),
        Figure(name=actual.name, value=_sum([(row, came[row]) for row in both]), how=_cells(actual, both)),
    )
    return [*found[:MOST_VARIANCES], whole] if found else []


@dataclass(frozen=True)
class Looked:
    """Numbers that are looked through for what stands out; `cell` and `span` write one of them, and all, as spreadsheets do.

    `span` is empty where no formula can: for ranges with others between them.
    """

    name: str
    numbers: Numbers
    cell: Callable[[int], str]
    span: str


def looked_at(columns: Sequence[Column], pair: tuple[Column, Column] | None) -> list[Looked]:
    """Return what is looked through: each column, and where something was planned the differences from that."""
    found = [Looked(each.name, each.numbers, partial(_cell, each), _alone(each)) for each in columns]
    if pair is not None:
        plan, actual = pair
        wanted = dict(plan.numbers)
        off = [(row, number - wanted[row]) for row, number in actual.numbers if row in wanted]
        span = f"({actual.span()}-{plan.span()})" if _alone(actual) and _alone(plan) else ""
        name = f"{actual.name} − {plan.name}"
        found.append(Looked(name, off, lambda row: f"({actual.letter}{row}-{plan.letter}{row})", span))
    return found


def _alone(column: Column) -> str:
    """Return the range of a column that is one range full of numbers; "" for another."""
    return column.span() if column.is_whole and len(column.numbers) == len(column.rows) else ""


def outliers(looked: Looked, names: Column | None) -> list[Outlier]:
    """Return the numbers that lie far from the median, by the modified z-score."""
    if len(looked.numbers) < LEAST_FOR_OUTLIERS:
        return []
    middle = Decimal(median([number for _row, number in looked.numbers]))
    distance = Decimal(median([abs(number - middle) for _row, number in looked.numbers]))
    if distance == 0:
        return []
    by_row = dict(zip(names.rows, names.cells, strict=True)) if names else {}
    scored = [(row, number, _ROBUST * abs(number - middle) / distance) for row, number in looked.numbers]
    far = sorted((each for each in scored if each[2] > FAR), key=lambda each: -each[2])
    return [
        Outlier(
            column=looked.name,
            row=row,
            name=by_row.get(row, ""),
            value=number,
            median=rounded(middle),
            score=Figure(
                name=_("Distance"),
                value=rounded(score),
                how=_distance(looked, row),
            ),
        )
        for row, number, score in far[:MOST_OUTLIERS]
    ]


def _distance(looked: Looked, row: int) -> str:
    span = looked.span
    if not span:
        return _("0.6745 times its distance from the median, by the median distance from it")
    return f"=0.6745*ABS({looked.cell(row)}-MEDIAN({span}))/MEDIAN(ABS({span}-MEDIAN({span})))"


def _cell(column: Column, row: int) -> str:
    return f"{column.letter}{row}"


def _sum(numbers: Numbers) -> Decimal:
    return sum((number for _row, number in numbers), Decimal(0))


def _cells(column: Column, rows: Sequence[int], names: Column | None = None) -> str:
    """Return the formula that adds cells: neighbours as ranges, scattered ones by the name that all of them, and no others, have."""
    ranges = column.ranges(rows)
    if names is not None and column.is_whole and len(ranges) > MOST_RANGES:
        name = dict(zip(names.rows, names.cells, strict=True))[rows[0]]
        if [row for row, cell in zip(names.rows, names.cells, strict=True) if cell == name] == sorted(rows):
            return f"=SUMIF({names.span()},{_quoted(name)},{column.span()})"
    return f"={ranges[0]}" if len(rows) == 1 else f"=SUM({','.join(ranges)})"


def _quoted(name: str) -> str:
    """Return a name as a formula has it: signs that stand for others, and quotation marks, taken for themselves."""
    return '"' + re.sub(r"([~*?])", r"~\1", name).replace('"', '""') + '"'


def _bare(figure: Figure) -> str:
    return figure.how.removeprefix("=")


def _change(before: Figure, after: Figure) -> Figure | None:
    if before.value == 0:
        return None
    value = rounded(100 * (after.value - before.value) / abs(before.value))
    name = _("Change from %(before)s to %(after)s") % {"before": before.name, "after": after.name}
    return Figure(name=name, value=value, how=f"=({_bare(after)}-{_bare(before)})/ABS({_bare(before)})*100")


def _slope(totals: Sequence[Figure]) -> Figure:
    """Return the change a period by least squares."""
    count = len(totals)
    mean_x, mean_y = Decimal(count - 1) / 2, _mean(totals)
    how = _("through the totals below, numbered 1 to %(n)d") % {"n": count}
    above = sum(((place - mean_x) * (total.value - mean_y) for place, total in enumerate(totals)), Decimal(0))
    below = sum(((place - mean_x) ** 2 for place in range(count)), Decimal(0))
    return Figure(name=_("Change a period, by least squares"), value=rounded(above / below), how=how)


def _mean(totals: Sequence[Figure]) -> Decimal:
    return sum((total.value for total in totals), Decimal(0)) / len(totals)


def _variance(name: str, plan: Figure, actual: Figure) -> Variance:
    off, terms = actual.value - plan.value, f"{_bare(actual)}-{_bare(plan)}"
    percent = None
    if plan.value != 0:
        value = rounded(100 * off / abs(plan.value))
        percent = Figure(name=_("Per cent"), value=value, how=f"=({terms})/ABS({_bare(plan)})*100")
    difference = Figure(name=_("Difference"), value=off, how=f"={terms}")
    return Variance(name=name, plan=plan.value, actual=actual.value, difference=difference, percent=percent)
