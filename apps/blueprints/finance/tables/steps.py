"""The steps of the analyser: code computes, a model says in words what came out, with none but those figures."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step, StepFailed
from apps.blueprints.finance.tables import computing
from apps.blueprints.finance.tables.columns import Column, columns_of
from apps.blueprints.finance.tables.ratios import ratios
from apps.blueprints.finance.tables.results import Analysis, Measures, names_of, receipts_of
from apps.blueprints.summaries import summary_of
from apps.knowledge.types import Sheet


def compute(desk: Desk) -> Measures:
    """Compute what the first sheet with numbers comes to."""
    for sheet in desk.sheets("table"):
        columns = columns_of(sheet) if len(sheet.rows) > 1 else []
        if any(column.kind == "number" for column in columns):
            return _measured(desk.name_of("table"), sheet, columns)
    raise StepFailed(_("No column of numbers was found. The first row has to name the columns, one thing a column."))


def say(desk: Desk) -> Analysis:
    """Have a model say what came out; a figure that was not computed has all of it left out."""
    measures = desk.of(COMPUTE)
    summary = summary_of(desk, measures, receipts=receipts_of(measures), names=names_of(measures))
    return Analysis(summary=summary, measures=measures)


def _measured(document: str, sheet: Sheet, columns: Sequence[Column]) -> Measures:
    numbers = [column for column in columns if column.kind == "number"][: computing.MOST_COLUMNS]
    periods = next((column for column in columns if column.kind == "period"), None)
    texts = [column for column in columns if column.kind == "text"]
    names = texts[0] if texts else periods
    pair = computing.planned(numbers)
    trends = [computing.trend(column, periods) for column in numbers] if periods else []
    shared = [computing.shares(column, text) for column in numbers for text in texts[:2]]
    return Measures(
        document=document,
        sheet=sheet.name,
        rows=len(columns[0].rows),
        left_out=len(sheet.rows) - 1 - len(columns[0].rows),
        columns=[computing.measure(column) for column in numbers],
        trends=[each for each in trends if each is not None],
        shares=[each for each in shared if each is not None],
        variances=computing.variances(*pair, names) if pair else [],
        ratios=ratios(texts[0], numbers[-1]) if texts else [],
        outliers=[
            outlier for looked in computing.looked_at(numbers, pair) for outlier in computing.outliers(looked, names)
        ],
    )


COMPUTE = Step("compute", gettext_lazy("Compute the figures"), Measures, compute)
SAY = Step("say", gettext_lazy("Say what came out"), Analysis, say)
