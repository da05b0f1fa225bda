"""The analyser of tenders."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.rfp.analyser.results import report_of
from apps.blueprints.rfp.analyser.steps import ANALYSIS, READ, REQUIREMENTS, TERMS
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="rfp_analyser",
    title=_("Tender analyser"),
    summary=_("Lists what a tender asks for, with page and obligation, its deadlines, and what offers are judged by."),
    asks=(Variable("tender", "file", help=_("PDF, Word, Markdown, HTML or text."), label=_("Tender")),),
    steps=(READ, REQUIREMENTS, TERMS, ANALYSIS),
    report=report_of,
    folder=Path(__file__).parent,
    icon="scale",
    sample={"tender": "tender.md"},
)
