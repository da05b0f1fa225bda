"""The planner of first weeks."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.hr.onboarding.results import agenda_of, report_of
from apps.blueprints.hr.onboarding.steps import CHOOSE, LOOK_UP, PLAN
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="hr_onboarding",
    title=_("Onboarding"),
    summary=_("Plans the first weeks of a new colleague by role and first day: tasks with days, who does them, and what the documents say; kept as a checklist with reminders."),
    asks=(
        Variable("name", help=_("Who begins."), label=_("Name")),
        Variable("role", help=_("As in the contract; tasks for other roles are left out."), label=_("Role")),
        Variable("start", "date", label=_("First day")),
        Variable("email", help=_("If they have an account here, their tasks are theirs."), is_required=False, label=_("E-mail")),
        Variable("table", "file", help=_("Tasks, CSV or Excel: Task, Day (working days from the first one, −5 is a week before), Who, Role, Phase, Note."), is_required=False, label=_("Table of tasks")),
        Variable("people", "long_text", help=_("Who is meant, one a line: IT: jonas@acme.example"), is_required=False, label=_("People")),
    ),
    steps=(CHOOSE, LOOK_UP, PLAN),
    report=report_of,
    folder=Path(__file__).parent,
    icon="users",
    tools=("search_knowledge",),
    sample={
        "name": "Ines Okafor",
        "role": "Support engineer",
        "start": "2027-02-01",
        "table": "tasks.csv",
        "people": "IT: jonas@acme.example\nManager: amina@acme.example",
    },
    agenda=agenda_of,
)  # fmt: skip
