"""The documentation of a repository."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.software.code import ASKS
from apps.blueprints.software.documentation.results import report_of
from apps.blueprints.software.documentation.steps import READ, RELATE, WRITE

BLUEPRINT = Blueprint(
    key="code_documentation",
    title=_("Documentation of code"),
    summary=_("Reads a repository and writes its README, a picture of how its parts use each other, and a reference of what it defines."),
    asks=ASKS,
    steps=(READ, RELATE, WRITE),
    report=report_of,
    folder=Path(__file__).parent,
    icon="book-open",
    sample={"archive": "library.zip"},
)  # fmt: skip
