"""What the writer comes to, and how that is read."""

from typing import Literal

from django.utils.translation import gettext as _

from apps.agents.blueprints import Typed
from apps.blueprints.rfp.compliance.results import Row
from apps.core.reports import Facts, Heading, Part, Prose, Report, Table, line_of, quoted

By = Literal["model", "quote", "nobody"]


class Written(Typed):
    """What a model writes to one requirement; the numbers are those of the passages that it rests on."""

    id: str
    answer: str
    passages: list[int]


class Texts(Typed):
    answers: list[Written]


class Answer(Typed):
    """An answer: written by a model from passages, a quote of the documents, or nobody's yet."""

    row: Row
    by: By
    text: str
    sources: list[str]


class Section(Typed):
    """The answers under a heading of the tender."""

    title: str
    answers: list[Answer]


class Proposal(Typed):
    """The proposal. `open` are the ids of what somebody has to write or check before it is sent."""

    document: str
    client: str
    solution: str = ""
    price: str
    sections: list[Section]
    open: list[str]


def report_of(proposal: Proposal) -> Report:
    """Return what is sent: who it is for, the solution, the answers under the tender's headings, the price, the matrix; first what is still open."""
    return Report(
        (
            *_open(proposal),
            Facts(_facts(proposal)),
            *_told(_("Solution"), proposal.solution),
            *(part for section in proposal.sections for part in _section(section)),
            *_told(_("Price"), proposal.price),
            Heading(_("Requirements and answers")),
            Table(
                (_("Id"), _("Requirement"), _("Page"), _("Answered by"), _("Sources")),
                [_cells(answer) for section in proposal.sections for answer in section.answers],
            ),
        )
    )


def _facts(proposal: Proposal) -> list[tuple[str, str]]:
    facts = [(_("Tender"), proposal.document), (_("For"), proposal.client)]
    return [(name, value) for name, value in facts if value]


def _told(title: str, text: str) -> list[Part]:
    """Return what was filled in, under a heading; nothing where nothing was."""
    return [Heading(title), Prose(text)] if text else []


def _open(proposal: Proposal) -> list[Part]:
    """Return what to do before it is sent; nothing where nothing is open."""
    if not proposal.open:
        return []
    answers = {answer.row.id: answer for section in proposal.sections for answer in section.answers}
    lines = "\n".join(f"- {line_of(key)}: {line_of(answers[key].row.text)}" for key in proposal.open)
    return [Heading(_("Before it is sent: answers that the documents do not have")), Prose(lines)]


def _section(section: Section) -> list[Part]:
    parts: list[Part] = [Heading(section.title or _("Requirements"))]
    for answer in section.answers:
        parts += [Heading(f"{answer.row.id} {answer.row.text}", level=3), Prose(_text(answer))]
    return parts


def _text(answer: Answer) -> str:
    if answer.by == "nobody":
        return _("*To be written.*")
    sources = f"({'; '.join(answer.sources)})" if answer.sources else ""
    if answer.by == "quote":
        return quoted(f"{answer.text} {sources}")
    return f"{answer.text} {line_of(sources)}".strip()


def _cells(answer: Answer) -> tuple[str, ...]:
    page = str(answer.row.page) if answer.row.page else "–"
    by = {"model": _("a model, from the sources"), "quote": _("a quote"), "nobody": _("nobody yet")}[answer.by]
    return (answer.row.id, answer.row.text, page, by, "; ".join(answer.sources))
