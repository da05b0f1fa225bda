"""The writer of tests."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.software.code import ASKS
from apps.blueprints.software.testing.results import report_of
from apps.blueprints.software.testing.steps import KEEP, PROBE, READ, TRY, WRITE

BLUEPRINT = Blueprint(
    key="code_tests",
    title=_("Test writer"),
    summary=_("Writes tests for a repository of Python, runs them where nothing can be reached, keeps those that pass, and says how much they cover."),
    asks=ASKS,
    steps=(READ, TRY, PROBE, WRITE, KEEP),
    report=report_of,
    folder=Path(__file__).parent,
    icon="code",
    tools=("work_on_files",),
    sample={"archive": "library.zip"},
)  # fmt: skip
