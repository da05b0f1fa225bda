"""The analyser of tables of figures."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.finance.tables.results import report_of
from apps.blueprints.finance.tables.steps import COMPUTE, SAY
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="finance_analyser",
    title=_("Finance analyser"),
    summary=_(
        "Reads a table of figures: course, shares, plan and actual, ratios, and what stands out, each figure with its formula."
    ),
    asks=(
        Variable(
            "table",
            "file",
            help=_("CSV or Excel. The first row names the columns; periods, names and numbers have a column each."),
            label=_("Table"),
        ),
    ),
    steps=(COMPUTE, SAY),
    report=report_of,
    folder=Path(__file__).parent,
    icon="database",
    sample={"table": "departments.csv"},
)
