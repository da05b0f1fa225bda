"""The analytics of Jira."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.jira.analytics.results import report_of
from apps.blueprints.jira.analytics.steps import COMPUTE, FETCH, LEARN, SAY
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="jira_analytics",
    title=_("Jira analytics"),
    summary=_("Computes lead and cycle time, throughput, flow, where issues wait and which grow old, from when they changed status."),
    asks=(
        Variable("jql", help=_("Which issues, as in Jira’s search: project = ABC"), is_required=False, label=_("JQL")),
        Variable("weeks", "number", default="12", help=_("How far back, in weeks."), is_required=False, label=_("Weeks")),
        Variable("sprint", "number", help=_("The number of a sprint, for its report; its issues are looked at instead."), is_required=False, label=_("Sprint")),
        Variable("table", "file", help=_("Instead of a Jira: CSV or Excel with the columns key, created, changed, from, to."), is_required=False, label=_("Table of changes")),
        Variable("site", help=_("Which Jira, where the agent has several."), is_required=False, label=_("Jira")),
    ),
    steps=(FETCH, LEARN, COMPUTE, SAY),
    report=report_of,
    folder=Path(__file__).parent,
    icon="list-checks",
    sample={"table": "changes.csv", "weeks": "26"},
)  # fmt: skip
