"""What the checker comes to, and how that is read."""

from collections import Counter
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.blueprints import Typed
from apps.blueprints.quotes import Passage
from apps.blueprints.rfp.wording import Obligation
from apps.core.reports import Facts, Heading, Part, Prose, Report, Table, line_of

Status = Literal["met", "partly", "not_met", "evidence", "nothing"]
JUDGED: tuple[Status, ...] = ("met", "partly", "not_met")
ORDER: tuple[Status, ...] = ("nothing", "not_met", "partly", "evidence", "met")


class Found(Typed):
    """What was found for each requirement, by its id."""

    passages: dict[str, list[Passage]]


class Judgement(Typed):
    """What a model makes of one requirement; `quote` is word for word from the passage, which is named by its number."""

    id: str
    status: Literal["met", "partly", "not_met", "cannot_say"]
    passage: int
    quote: str
    why: str


class Judgements(Typed):
    judgements: list[Judgement]


class Row(Typed):
    """A requirement with its evidence. `evidence` is what stands in the documents without anybody having judged it, `nothing` that too little was found.

    `shared` is how many of the requirement's words stand in the quote, of how many.
    """

    id: str
    text: str
    obligation: Obligation
    page: int | None
    status: Status
    quote: str
    source: Passage | None
    shared: tuple[int, int]
    why: str


class Matrix(Typed):
    """The matrix, in the order of the tender. `left_out` requirements were beyond what one run looks at."""

    document: str
    rows: list[Row]
    left_out: int


def report_of(matrix: Matrix) -> Report:
    """Return what people read: the count, what is missing, and the matrix."""
    open_ones = [row for row in matrix.rows if row.obligation == "must" and row.status in ("nothing", "not_met")]
    return Report(
        (
            Facts(_facts(matrix)),
            *_missing(open_ones),
            Heading(_("Matrix")),
            Table(
                (_("Id"), _("Obligation"), _("Requirement"), _("Page"), _("Status"), _("Evidence"), _("Source")),
                [_cells(row) for row in matrix.rows],
            ),
            Prose(_note(matrix)),
        )
    )


def _facts(matrix: Matrix) -> list[tuple[str, str]]:
    number = Counter(row.status for row in matrix.rows)
    total = len(matrix.rows)
    found = ngettext("%(n)d requirement", "%(n)d requirements", total) % {"n": total}
    counts = ", ".join(f"{number[status]} × {_status(status)}" for status in reversed(ORDER) if number[status])
    facts = [(_("Document"), matrix.document), (_("Looked at"), f"{found}: {counts}")]
    left_out = [(_("Left out"), str(matrix.left_out))] if matrix.left_out else []
    return [*facts, *left_out]


def _missing(rows: list[Row]) -> list[Part]:
    if not rows:
        return []
    lines = "\n".join(f"- {line_of(row.id)}: {line_of(row.text)}" for row in rows)
    return [Heading(_("To be answered first: must, and not shown")), Prose(lines)]


def _cells(row: Row) -> tuple[str, ...]:
    source, page = row.source, str(row.page) if row.page else "–"
    place = ""
    if source is not None:
        at = _("p. %(n)d") % {"n": source.page} if source.page else ""
        place = ", ".join(filter(None, [source.document, at]))
    obligation = {"must": _("must"), "should": _("should"), "may": _("may")}[row.obligation]
    return (row.id, obligation, row.text, page, _status(row.status), row.quote, place)


def _status(status: Status) -> str:
    return {
        "met": _("met"),
        "partly": _("partly met"),
        "not_met": _("not met"),
        "evidence": _("evidence, not judged"),
        "nothing": _("nothing found"),
    }[status]


def _note(matrix: Matrix) -> str:
    if any(row.status in JUDGED for row in matrix.rows):
        return _("A model judged; each quote was looked for in its source, and a judgement without one was not taken.")
    return _(
        "No model judged. Evidence is the sentence that shares most words with the requirement, at least half of them: somebody has to read it."
    )
