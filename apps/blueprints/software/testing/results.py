"""What the tests come to, and how that is read."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.blueprints import Typed
from apps.blueprints.figures import Figure, counted
from apps.blueprints.software.code import Module
from apps.core.reports import Code, Facts, Heading, Part, Prose, Report, Table

MOST_LISTED = 60


class Reading(Typed):
    """The repository: all its text files, its own modules, its files with tests. `root` is what Python is to find it from."""

    name: str
    commit: str
    files: list[tuple[str, str]]
    modules: list[Module]
    tests: list[str]
    left_out: list[str]


class Outcome(Typed):
    """How a test ended; `unread` is a file in which tests could not be found."""

    test: str
    state: Literal["passed", "failed", "skipped", "unread"]
    reason: str


class Covered(Typed):
    """How many statements a file has, and on which lines those stand that no test runs."""

    path: str
    statements: int
    missing: list[int]


class Trial(Typed):
    """What came of running tests. `is_cut`: those of the repository took too long, and were left out."""

    outcomes: list[Outcome]
    covered: list[Covered]
    is_cut: bool = False


class Call(Typed):
    """What a function gave, or raised, for plain arguments: all as source text."""

    module: str
    function: str
    arguments: str
    given: str
    raised: str


class Fault(Typed):
    """A module that cannot be imported where scripts are run, and why."""

    path: str
    why: str


class Probed(Typed):
    """What functions give for plain values, twice alike."""

    calls: list[Call]
    faults: list[Fault]


class Suggested(Typed):
    """Tests as a model writes them: the imports that all of them need, and one function each."""

    imports: list[str]
    tests: list[str]


class File(Typed):
    """A file of tests. `by` says whether a model wrote it, or it holds what the code gives today."""

    path: str
    text: str
    by: Literal["model", "records"]


class Dropped(Typed):
    """A test that was not kept, and why."""

    test: str
    why: str


class Written(Typed):
    """What was written, before any of it was run."""

    files: list[File]
    dropped: list[Dropped]


class FileShare(Typed):
    """How much of a file tests run, before and after, in percent."""

    path: str
    before: Figure
    after: Figure


class Suite(Typed):
    """All of it: the files that can be taken over as they are, what was not kept, and how much is covered."""

    name: str
    files: list[File]
    kept: int
    dropped: list[Dropped]
    own: int
    own_failed: list[Outcome]
    is_cut: bool
    before: Figure
    after: Figure
    shares: list[FileShare]
    faults: list[Fault]
    left_out: list[str]


def share_of(covered: Sequence[Covered]) -> Figure:
    """Return how many of the statements are run, in percent, with the two numbers."""
    statements = sum(each.statements for each in covered)
    run = statements - sum(len(each.missing) for each in covered)
    value = round(Decimal(100 * run) / statements, 1) if statements else Decimal(0)
    return Figure(value=value, how=f"{run} / {statements}")


def report_of(tests: Suite) -> Report:
    """Return what people read: how much is covered now, the files, and what was not kept."""
    return Report(
        (
            Facts(list(_facts(tests))),
            *_files(tests),
            *_shares(tests),
            *_dropped(tests),
            *_own(tests),
            *_faults(tests),
        )
    )


def _facts(tests: Suite) -> Iterator[tuple[str, str]]:
    yield _("Repository"), tests.name
    yield _("Tests written and passed"), str(tests.kept)
    yield _("Written and not kept"), str(len(tests.dropped))
    yield _("Tests that were there"), _("None") if not tests.own else str(tests.own)
    yield _("Covered before"), _percent(tests.before)
    yield _("Covered now"), _percent(tests.after)
    if tests.left_out:
        yield _("Left out, too large or too many"), ", ".join(tests.left_out[:10])


def _percent(figure: Figure) -> str:
    """Write a share with its receipt: statements that are run, of all."""
    return f"{counted(figure.value)} % ({figure.how})"


def _files(tests: Suite) -> Iterator[Part]:
    if not tests.files:
        yield Prose(_("No test passed that says something. What there is was left as it is."))
    for file in tests.files:
        yield Heading(file.path)
        if file.by == "records":
            yield Prose(
                _(
                    "These record what the code gives today. Read them before you trust them: what is wrong today is recorded too."
                )
            )
        yield Code(file.text, "python")


def _shares(tests: Suite) -> Iterator[Part]:
    yield Heading(_("How much is covered"))
    yield Prose(_("Statements that tests run, of all statements, by file."))
    rows = [(each.path, _percent(each.before), _percent(each.after)) for each in tests.shares[:MOST_LISTED]]
    yield Table((_("File"), _("Before"), _("Now")), rows)


def _dropped(tests: Suite) -> Iterator[Part]:
    if tests.dropped:
        yield Heading(_("Written and not kept"))
        yield Prose(_("One that fails may be wrong, or may have found a fault of the code."))
        yield Table((_("Test"), _("Why")), [(each.test, each.why) for each in tests.dropped[:MOST_LISTED]])


def _own(tests: Suite) -> Iterator[Part]:
    if tests.is_cut:
        yield Prose(_("The tests that were there took too long to be run here, so what they cover is not counted."))
    if tests.own_failed:
        number = len(tests.own_failed)
        yield Heading(ngettext("%(n)d test that was there does not pass here", "%(n)d tests that were there do not pass here", number) % {"n": number})  # fmt: skip
        yield Table((_("Test"), _("Why")), [(each.test, each.reason[:300]) for each in tests.own_failed[:MOST_LISTED]])


def _faults(tests: Suite) -> Iterator[Part]:
    if tests.faults:
        yield Heading(_("Cannot be imported here"))
        yield Prose(_("Scripts have no network: packages beyond those that are installed there are missing."))
        yield Table((_("File"), _("Why")), [(each.path, each.why) for each in tests.faults[:MOST_LISTED]])
