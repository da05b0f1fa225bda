"""The solution architect."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.rfp.analyser.steps import READ, REQUIREMENTS
from apps.blueprints.rfp.architect.results import report_of
from apps.blueprints.rfp.architect.steps import DRAW
from apps.blueprints.rfp.compliance.steps import FIND, JUDGE
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="rfp_architect",
    title=_("Solution architect"),
    summary=_("Outlines a solution for a tender: components, which requirement each answers, goals in figures, and what nothing covers yet."),
    asks=(
        Variable("tender", "file", help=_("PDF, Word, Markdown, HTML or text."), label=_("Tender")),
        Variable("given", "long_text", help=_("What is there already, or has to be used."), is_required=False, label=_("What is given")),
    ),
    steps=(READ, REQUIREMENTS, FIND, JUDGE, DRAW),
    report=report_of,
    folder=Path(__file__).parent,
    icon="scale",
    sample={"tender": "tender.md"},
)  # fmt: skip
