"""The cost estimator."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.rfp.costs.results import report_of
from apps.blueprints.rfp.costs.steps import CHANCES, ESTIMATE, READ, SAY
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="rfp_costs",
    title=_("Cost estimator"),
    summary=_("Computes effort, cost and price of an offer from a work breakdown with three points a task, with the risk of the whole."),
    asks=(
        Variable(
            "work",
            "file",
            help=_("CSV or Excel with a row for each task; columns: task, phase, role, optimistic, likely, pessimistic, rate."),
            label=_("Work breakdown"),
        ),
        Variable(
            "rates", "file", help=_("A table with the columns role and rate, where the tasks name roles only."), is_required=False, label=_("Rates")
        ),
        Variable("unit", "choice", default="days", choices=("days", "hours"), label=_("Unit of the efforts")),
        Variable("currency", "text", default="EUR", label=_("Currency")),
        Variable(
            "chance", "choice", default="80", choices=tuple(map(str, CHANCES)), help=_("In per cent: how likely it is that the cost stays below."), label=_("Chance to keep the price")
        ),
        Variable("overhead", "number", default="0", label=_("Overhead, per cent")),
        Variable("margin", "number", default="0", label=_("Margin, per cent")),
    ),
    steps=(READ, ESTIMATE, SAY),
    report=report_of,
    folder=Path(__file__).parent,
    icon="scale",
    sample={"work": "work.csv", "rates": "rates.csv", "chance": "80", "overhead": "12", "margin": "10"},
)  # fmt: skip
