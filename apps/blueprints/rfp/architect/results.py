"""What the architect comes to, and how that is read."""

from collections.abc import Sequence
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.blueprints import Typed
from apps.blueprints.rfp.compliance.results import Row
from apps.core.reports import Facts, Heading, Part, Prose, Report, Table, line_of, quoted

MOST_OUTLINE_CHARS = 7_500


class Drawn(Typed):
    """A component as a model draws it; `requirements` are ids, `passages` the numbers of those that it rests on."""

    name: str
    purpose: str
    requirements: list[str]
    passages: list[int]


class Drawing(Typed):
    components: list[Drawn]


class Component(Typed):
    """A component of the solution: what it is for, which requirements it answers, and what the documents have on it. `by` says who drew it."""

    name: str
    purpose: str
    by: Literal["model", "areas"]
    requirements: list[str]
    sources: list[str]
    quotes: list[str]


class Goal(Typed):
    """A goal that a requirement sets in figures, as they stand there."""

    id: str
    figures: list[str]
    text: str
    page: int | None


class Architecture(Typed):
    """The outline. `uncovered` are requirements that no component answers, `unproven` those on which the documents have nothing.

    `outline` is the components as a text for the proposal: what each is for, or what the documents have on it.
    """

    document: str
    given: str
    components: list[Component]
    goals: list[Goal]
    rows: list[Row]
    uncovered: list[str]
    unproven: list[str]
    outline: str = ""


def outline_of(components: Sequence[Component]) -> str:
    """Return the components as a text that can be handed on: as many of them as a long text in a form holds."""
    parts, left = [], MOST_OUTLINE_CHARS
    for component in components:
        told = [component.purpose] if component.purpose else [f"> {quote}" for quote in component.quotes]
        part = "\n\n".join([f"**{component.name}**", *told])
        left -= len(part) + 2
        if left < 0:
            break
        parts.append(part)
    return "\n\n".join(parts)


def report_of(architecture: Architecture) -> Report:
    """Return what people read: the components, the goals, which component answers what, and what is still to be decided."""
    rows = {row.id: row for row in architecture.rows}
    return Report(
        (
            Facts(_facts(architecture)),
            *_given(architecture),
            *_open(architecture, rows),
            Heading(_("Components")),
            *(part for component in architecture.components for part in _component(component, rows)),
            *_goals(architecture),
            Heading(_("Which component answers what")),
            Table((_("Id"), _("Requirement"), _("Page"), _("Components")), _matrix(architecture)),
        )
    )


def _facts(architecture: Architecture) -> list[tuple[str, str]]:
    number = len(architecture.rows)
    wanted = ngettext("%(n)d requirement", "%(n)d requirements", number) % {"n": number}
    count = len(architecture.components)
    drawn = ngettext("%(n)d component", "%(n)d components", count) % {"n": count}
    return [(_("Tender"), architecture.document), (_("Found"), wanted), (_("Drawn"), drawn)]


def _given(architecture: Architecture) -> list[Part]:
    return [Heading(_("What is given")), Prose(architecture.given)] if architecture.given else []


def _open(architecture: Architecture, rows: dict[str, Row]) -> list[Part]:
    lines = [
        _("No component answers %(id)s: %(text)s") % {"id": line_of(key), "text": line_of(rows[key].text)}
        for key in architecture.uncovered
    ]
    lines += [
        _("The documents have nothing on %(id)s: %(text)s") % {"id": line_of(key), "text": line_of(rows[key].text)}
        for key in architecture.unproven
    ]
    return [Heading(_("To be decided")), Prose("\n".join(f"- {line}" for line in lines))] if lines else []


def _component(component: Component, rows: dict[str, Row]) -> list[Part]:
    wanted = "\n".join(f"- {line_of(key)}: {line_of(rows[key].text)}" for key in component.requirements)
    quotes = "\n\n".join(map(quoted, component.quotes))
    told = [Prose(part) for part in (component.purpose, wanted, quotes) if part]
    sources = [Facts([(_("Sources"), "; ".join(component.sources))])] if component.sources else []
    return [Heading(component.name, 3), *told, *sources]


def _goals(architecture: Architecture) -> list[Part]:
    if not architecture.goals:
        return []
    rows = [(goal.id, ", ".join(goal.figures), goal.text, str(goal.page or "–")) for goal in architecture.goals]
    return [Heading(_("Goals in figures")), Table((_("Id"), _("Figure"), _("Requirement"), _("Page")), rows)]


def _matrix(architecture: Architecture) -> list[tuple[str, str, str, str]]:
    answers = {
        row.id: [component.name for component in architecture.components if row.id in component.requirements]
        for row in architecture.rows
    }
    return [(row.id, row.text, str(row.page or "–"), ", ".join(answers[row.id]) or "–") for row in architecture.rows]
