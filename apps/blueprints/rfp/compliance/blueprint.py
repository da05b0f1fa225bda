"""The compliance checker."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.rfp.analyser.steps import READ, REQUIREMENTS
from apps.blueprints.rfp.compliance.results import report_of
from apps.blueprints.rfp.compliance.steps import FIND, JUDGE
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="rfp_compliance",
    title=_("Compliance checker"),
    summary=_(
        "Holds each requirement of a tender against the agent's documents: what they say about it, word for word, and where nothing is found."
    ),
    asks=(Variable("tender", "file", help=_("PDF, Word, Markdown, HTML or text."), label=_("Tender")),),
    steps=(READ, REQUIREMENTS, FIND, JUDGE),
    report=report_of,
    folder=Path(__file__).parent,
    icon="shield-check",
    sample={"tender": "tender.md"},
)
