"""The proposal writer."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.rfp.analyser.steps import READ, REQUIREMENTS
from apps.blueprints.rfp.compliance.steps import FIND, JUDGE
from apps.blueprints.rfp.proposal.results import report_of
from apps.blueprints.rfp.proposal.steps import WRITE
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="rfp_proposal",
    title=_("Proposal writer"),
    summary=_("Answers a tender requirement by requirement from the agent's documents, and says what is still to be written."),
    asks=(
        Variable("tender", "file", help=_("PDF, Word, Markdown, HTML or text."), label=_("Tender")),
        Variable("client", "text", is_required=False, label=_("Who asks for offers")),
        Variable(
            "solution",
            "long_text",
            help=_("Stands in the proposal as you write it, as from the solution architect."),
            is_required=False,
            label=_("Solution"),
        ),
        Variable(
            "price", "long_text", help=_("Stands in the proposal as you write it, as from the cost estimator."), is_required=False, label=_("Price")
        ),
    ),
    steps=(READ, REQUIREMENTS, FIND, JUDGE, WRITE),
    report=report_of,
    folder=Path(__file__).parent,
    icon="presentation",
    sample={"tender": "tender.md", "client": "Norderfurt"},
)  # fmt: skip
