"""The screener of résumés."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.hr.screener.results import report_of
from apps.blueprints.hr.screener.steps import RANK, READ, SCORE, WEIGH
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="hr_screener",
    title=_("Résumé screener"),
    summary=_("Scores résumés against weighted criteria, each score with the sentence that shows it, without knowing whose they are."),
    asks=(
        Variable("resumes", "files", help=_("PDF, Word, Markdown or text; up to a hundred."), label=_("Résumés")),
        Variable("criteria", "long_text", help=_("One a line: words; weight; must. “At least 5 years” is computed from the periods that are named."), label=_("Criteria")),
        Variable("places", "number", default="0", help=_("How many are invited; 0 only ranks."), is_required=False, label=_("Places")),
        Variable(
            "groups", "file", help=_("A table with a column “file” and one for each attribute, to see whether those invited differ by group. It scores nobody."), is_required=False, label=_("Groups")
        ),
    ),
    steps=(READ, WEIGH, SCORE, RANK),
    report=report_of,
    folder=Path(__file__).parent,
    icon="users",
    sample={
        "resumes": "lena-hoffmann.md, tomasz_nowak.md, priya-raman.md, jan_de_vries.md, sofia-keller.md, omar_haddad.md",
        "criteria": "Python and Django; 3; must\nPostgreSQL; 2\nAt least 5 years of experience; 2; must\nGerman; 1\nKubernetes and Terraform; 1",
        "places": "3",
        "groups": "groups.csv",
    },
)  # fmt: skip
