"""What the analyser comes to, and how that is read."""

from decimal import Decimal

from django.utils.translation import gettext as _

from apps.agents.blueprints import Typed
from apps.blueprints.figures import Receipts, counted, shown
from apps.blueprints.summaries import Summary, said_of
from apps.core.charts import MOST_LABELS, Chart, Series
from apps.core.reports import Facts, Heading, Part, Report, Table

MOST_OF_FORMULAS = 240


class Figure(Typed):
    """A figure with its receipt: the formula that gives it in a spreadsheet of the table."""

    name: str
    value: Decimal
    how: str


class Measure(Typed):
    """What a column of numbers comes to."""

    column: str
    figures: list[Figure]


class Trend(Typed):
    """A column by period: totals, and the change to each from the one before, in per cent (null where that was 0)."""

    column: str
    totals: list[Figure]
    changes: list[Figure | None]
    whole: Figure | None
    slope: Figure


class Shares(Typed):
    """A column by the names in another one, the largest first, with shares of the whole in per cent."""

    column: str
    by: str
    totals: list[Figure]
    shares: list[Figure]


class Variance(Typed):
    """What was planned beside what came; `percent` is null where nothing was planned."""

    name: str
    plan: Decimal
    actual: Decimal
    difference: Figure
    percent: Figure | None


class Outlier(Typed):
    """A number far from its column's median: `score` is its distance in robust standard deviations."""

    column: str
    row: int
    name: str
    value: Decimal
    median: Decimal
    score: Figure


class Measures(Typed):
    """All that was computed of a table; `rows` are those that count, `left_out` those of totals."""

    document: str
    sheet: str
    rows: int
    left_out: int
    columns: list[Measure]
    trends: list[Trend]
    shares: list[Shares]
    variances: list[Variance]
    ratios: list[Figure]
    outliers: list[Outlier]


class Analysis(Typed):
    """`summary` is null where no model wrote one, or one with a figure that was not computed."""

    summary: Summary | None
    measures: Measures


def receipts_of(measures: Measures) -> Receipts:
    """Return every figure that was read or computed, by the title under which it stands how."""
    varied = [each for row in measures.variances for each in (row.difference, row.percent) if each is not None]
    planned = [value for row in measures.variances for value in (row.plan, row.actual)]
    given = [value for outlier in measures.outliers for value in (outlier.value, outlier.median)]
    return {
        _("Plan and actual"): [*(each.value for each in varied), *planned],
        **{_trend_title(trend): _values_of(trend) for trend in measures.trends},
        **{_shares_title(each): [figure.value for figure in (*each.totals, *each.shares)] for each in measures.shares},
        _("Ratios"): [figure.value for figure in measures.ratios],
        _("What stands out"): [*(outlier.score.value for outlier in measures.outliers), *given],
        _("Columns"): [figure.value for measure in measures.columns for figure in measure.figures],
        "": [Decimal(measures.rows)],
    }


def _values_of(trend: Trend) -> list[Decimal]:
    figures = [*trend.totals, *filter(None, trend.changes), *filter(None, [trend.whole]), trend.slope]
    return [figure.value for figure in figures]


def names_of(measures: Measures) -> list[str]:
    """Return the names in which figures may stand: the file, columns, items, periods and their years."""
    periods = [total.name for trend in measures.trends for total in trend.totals]
    names = [measures.document, measures.sheet, *(measure.column for measure in measures.columns)]
    names += [total.name for shares in measures.shares for total in shares.totals]
    names += [variance.name for variance in measures.variances]
    names += [outlier.name for outlier in measures.outliers]
    return [*names, *periods, *(period[:4] for period in periods)]


def report_of(analysis: Analysis) -> Report:
    """Return what people read: what a model says, then plan, course, shares, ratios, what stands out, and the columns."""
    measures = analysis.measures
    return Report(
        (
            *said_of(analysis.summary, receipts=receipts_of(measures), names=names_of(measures)),
            Facts(_facts(measures)),
            *_variances(measures),
            *(part for trend in measures.trends for part in _trend(trend)),
            *(part for shares in measures.shares for part in _shares(shares)),
            *_ratios(measures),
            *_outliers(measures),
            *_columns(measures),
        )
    )


def _facts(measures: Measures) -> list[tuple[str, str]]:
    facts = [(_("Document"), measures.document), (_("Sheet"), measures.sheet), (_("Rows"), str(measures.rows))]
    left_out = (_("Rows of totals, left out"), str(measures.left_out) if measures.left_out else "")
    return [(name, value) for name, value in [*facts, left_out] if value]


def _variances(measures: Measures) -> list[Part]:
    if not measures.variances:
        return []
    drawn = measures.variances[:-1][:MOST_LABELS] or measures.variances
    series = (
        Series(_("Plan"), tuple(float(each.plan) for each in drawn)),
        Series(_("Actual"), tuple(float(each.actual) for each in drawn)),
    )
    rows = [
        (each.name, shown(each.plan), shown(each.actual), shown(each.difference.value), _percent(each.percent), _how(each.difference, each.percent))
        for each in measures.variances
    ]  # fmt: skip
    columns = (_("Item"), _("Plan"), _("Actual"), _("Difference"), _("Per cent"), _("Formula"))
    chart = Chart(_("Plan and actual"), tuple(each.name for each in drawn), series)
    return [Heading(_("Plan and actual")), chart, Table(columns, rows)]


def _trend_title(trend: Trend) -> str:
    return _("%(column)s by period") % {"column": trend.column}


def _trend(trend: Trend) -> list[Part]:
    title = _trend_title(trend)
    rows = [
        (total.name, shown(total.value), _percent(change), _how(total, change))
        for total, change in zip(trend.totals, trend.changes, strict=True)
    ]
    drawn = trend.totals[-MOST_LABELS:]
    series = Series(trend.column, tuple(float(each.value) for each in drawn))
    rows += [(trend.whole.name, "", _percent(trend.whole), trend.whole.how)] if trend.whole else []
    whole = [(trend.whole.name, _percent(trend.whole))] if trend.whole else []
    facts = [*whole, (trend.slope.name, f"{shown(trend.slope.value)} ({trend.slope.how})")]
    return [
        Heading(title),
        Chart(title, tuple(each.name for each in drawn), (series,)),
        Facts(facts),
        Table((_("Period"), trend.column, _("Change"), _("Formula")), rows),
    ]


def _shares_title(shares: Shares) -> str:
    return _("%(column)s by %(by)s") % {"column": shares.column, "by": shares.by}


def _shares(shares: Shares) -> list[Part]:
    title = _shares_title(shares)
    rows = [
        (total.name, shown(total.value), _percent(share), _how(total, share))
        for total, share in zip(shares.totals, shares.shares, strict=True)
    ]
    series = Series(shares.column, tuple(float(each.value) for each in shares.totals))
    chart = Chart(title, tuple(each.name for each in shares.totals), (series,))
    return [Heading(title), chart, Table((shares.by, shares.column, _("Share"), _("Formula")), rows)]


def _ratios(measures: Measures) -> list[Part]:
    rows = [(each.name, shown(each.value), each.how) for each in measures.ratios]
    return [Heading(_("Ratios")), Table((_("Ratio"), _("Value"), _("Formula")), rows)] if rows else []


def _outliers(measures: Measures) -> list[Part]:
    rows = [
        (
            *(str(each.row), each.name, each.column),
            *(shown(each.value), shown(each.median), counted(each.score.value)),
            each.score.how,
        )
        for each in measures.outliers
    ]
    columns = (_("Row"), _("Item"), _("Column"), _("Value"), _("Median"), _("Distance"), _("Formula"))
    return [Heading(_("What stands out")), Table(columns, rows)] if rows else []


def _columns(measures: Measures) -> list[Part]:
    rows = [
        (measure.column, figure.name, shown(figure.value), figure.how)
        for measure in measures.columns
        for figure in measure.figures
    ]
    return [Heading(_("Columns")), Table((_("Column"), _("Figure"), _("Value"), _("Formula")), rows)]


def _how(*figures: Figure | None) -> str:
    """Return the formulas of a row's figures, in their order; of those that name many cells the first alone, as the others repeat it."""
    formulas = [figure.how for figure in figures if figure is not None]
    return "; ".join(formulas) if sum(map(len, formulas)) <= MOST_OF_FORMULAS else formulas[0]


def _percent(figure: Figure | None) -> str:
    return f"{shown(figure.value)} %" if figure is not None else "–"
