"""Questions about issues."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.jira.questions.results import report_of
from apps.blueprints.jira.questions.steps import LOOK, WRITE
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="jira_questions",
    title=_("Jira questions"),
    summary=_("Makes a JQL query of a question, shows it, and lists what Jira finds."),
    asks=(
        Variable("question", "long_text", help=_("Like: open bugs in ABC created in the last two weeks, by priority"), label=_("Question")),
        Variable("jql", "long_text", help=_("Empty: made of the question. Change it and run again."), is_required=False, label=_("JQL")),
        Variable("site", help=_("Which Jira, where the agent has several."), is_required=False, label=_("Jira")),
    ),
    steps=(WRITE, LOOK),
    report=report_of,
    folder=Path(__file__).parent,
    icon="list-checks",
    sample={"question": "open bugs in ABC created in the last two weeks, by priority"},
)  # fmt: skip
