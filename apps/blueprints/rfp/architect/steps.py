"""The steps of the architect: requirements and evidence as the compliance checker finds them, then components that answer them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step
from apps.blueprints.figures import is_backed
from apps.blueprints.quotes import Passage, places_of
from apps.blueprints.rfp.analyser.steps import READ, REQUIREMENTS
from apps.blueprints.rfp.architect.areas import AREAS, area_of, goals_in
from apps.blueprints.rfp.architect.results import Architecture, Component, Drawing, Drawn, Goal, outline_of
from apps.blueprints.rfp.compliance.results import Row
from apps.blueprints.rfp.compliance.steps import FIND, JUDGE, told

MOST_COMPONENTS, MOST_QUOTES, TOLD_ROWS = 30, 4, 80


def draw(desk: Desk) -> Architecture:
    """Have a model draw the components; those that it cannot back are left out, and without a model the areas are the components."""
    rows, passages = desk.of(JUDGE).rows, desk.of(FIND).passages
    given = desk.values.get("given", "").strip()
    about = {"requirements": told(rows[:TOLD_ROWS], passages), "given": given, "language": desk.language}
    said = desk.ask("draw", "draw", Drawing, **about)
    drawn = [_checked(each, rows, passages, given) for each in said.components[:MOST_COMPONENTS]] if said else []
    components = [each for each in drawn if each is not None] or _by_area(desk, rows)
    covered = {key for component in components for key in component.requirements}
    return Architecture(
        document=desk.of(READ).document,
        given=given,
        components=components,
        goals=[
            Goal(id=row.id, figures=figures, text=row.text, page=row.page)
            for row in rows
            if (figures := goals_in(row.text))
        ],
        rows=rows,
        uncovered=[row.id for row in rows if row.id not in covered],
        unproven=[row.id for row in rows if row.status == "nothing" and row.obligation == "must"],
        outline=outline_of(components),
    )


def _checked(
    drawn: Drawn, rows: Sequence[Row], passages: Mapping[str, Sequence[Passage]], given: str
) -> Component | None:
    """Return a component of a model's with the requirements that there are; None for one without, or with a figure that nobody gave."""
    known = {row.id: row for row in rows}
    wanted = [key for key in dict.fromkeys(drawn.requirements) if key in known]
    used = [each for key in wanted for each in passages.get(key, ()) if each.number in drawn.passages]
    said = "\n".join([given, *(known[key].text for key in wanted), *(each.text for each in used)])
    if not wanted or not drawn.name.strip() or not is_backed(f"{drawn.name} {drawn.purpose}", said=said):
        return None
    return Component(
        name=drawn.name.strip()[:120],
        purpose=drawn.purpose.strip(),
        by="model",
        requirements=wanted,
        sources=places_of(used),
        quotes=[],
    )


def _by_area(desk: Desk, rows: Sequence[Row]) -> list[Component]:
    """Return a component for each area, and for functions one for each section of the tender; what the documents say is quoted."""
    sections = {each.id: each.section for each in desk.of(REQUIREMENTS).requirements}
    words = {
        "security": _("Access and protection"),
        "integration": _("Interfaces"),
        "data": _("Data"),
        "operation": _("Operation"),
        "performance": _("Performance"),
        "use": _("User interface"),
        "service": _("Service"),
    }
    grouped: dict[str, list[Row]] = {}
    for area in AREAS:
        for row in rows:
            if area_of(row.text) == area:
                name = words.get(area) or _plain(sections[row.id]) or _("Functions")
                grouped.setdefault(name, []).append(row)
    return [_component(name, some) for name, some in grouped.items()]


def _plain(section: str) -> str:
    """Return a heading without its number."""
    return section.lstrip("0123456789. ").strip()


def _component(name: str, rows: Sequence[Row]) -> Component:
    shown = [row for row in rows if row.source is not None]
    return Component(
        name=name,
        purpose="",
        by="areas",
        requirements=[row.id for row in rows],
        sources=places_of([row.source for row in shown if row.source is not None]),
        quotes=list(dict.fromkeys(row.quote for row in shown))[:MOST_QUOTES],
    )


DRAW = Step("draw", gettext_lazy("Draw the components"), Architecture, draw, folder=Path(__file__).parent)
