"""What the plan comes to, how that is read, and which duties come of it."""

from datetime import date
from itertools import groupby

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.agents.blueprints import Agenda, Duty, Typed
from apps.blueprints.quotes import place_of
from apps.core.reports import Facts, Heading, Part, Prose, Report, Table, quoted


class Line(Typed):
    """A task as a table has it: working days from the first one, who does it, and the roles that it is for ("" for all)."""

    title: str
    day: int
    who: str
    role: str
    phase: str
    note: str


class Lines(Typed):
    """The tasks for a role. `is_usual`: no table was given; `left_out`: how many are for other roles."""

    lines: list[Line]
    is_usual: bool
    left_out: int


class Quote(Typed):
    """What a document says of a task, word for word, and where."""

    quote: str
    document: str
    page: int | None


class Quotes(Typed):
    """By the place of the task, from 0; none for most."""

    quotes: dict[str, Quote]


class Planned(Typed):
    """A task on its day; `how` says how the day was reckoned, `source` what a document says of it."""

    id: str
    title: str
    due: date
    how: str
    who: str
    email: str
    phase: str
    note: str
    source: Quote | None


class Welcome(Typed):
    """A few sentences to the new colleague, as a model writes them."""

    sentences: list[str]


class Plan(Typed):
    """All of it. `welcome` is null where no model wrote one, or one with a figure that does not stand in the plan."""

    name: str
    email: str
    role: str
    start: date
    is_usual: bool
    left_out: int
    welcome: Welcome | None
    tasks: list[Planned]


def report_of(plan: Plan) -> Report:
    """Return what people read: who comes when, and the tasks by phase."""
    facts = [(_("New colleague"), plan.name), (_("Role"), plan.role), (_("First day"), date_format(plan.start)), (_("Tasks"), str(len(plan.tasks)))]  # fmt: skip
    facts += [(_("Tasks for other roles, left out"), str(plan.left_out))] if plan.left_out else []
    usual = [Prose(_("No table was given: these are tasks that most places have. Change them to yours."))]
    phases = [
        part for phase, some in groupby(plan.tasks, key=lambda task: task.phase) for part in _phase(phase, list(some))
    ]
    return Report(
        (
            *([Prose("\n\n".join(plan.welcome.sentences))] if plan.welcome else []),
            Facts(facts),
            *(usual if plan.is_usual else []),
            *phases,
            *_quotes(plan),
            Prose(_("Days are working days from the first one; public holidays are not known here.")),
        )
    )


def _phase(phase: str, tasks: list[Planned]) -> list[Part]:
    rows = [(date_format(each.due), each.title, each.who or "–", each.note or "–", each.how) for each in tasks]
    return [
        Heading(phase or _("Tasks")),
        Table((_("Due"), _("Task"), _("Who"), _("Note"), _("How the day is reckoned")), rows),
    ]


def _quotes(plan: Plan) -> list[Part]:
    found = [(each, each.source) for each in plan.tasks if each.source is not None]
    if not found:
        return []
    parts: list[Part] = [Heading(_("What the documents say"))]
    for task, source in found:
        parts += [
            Heading(task.title, 3),
            Prose(quoted(source.quote)),
            Facts([(_("Source"), place_of(source.document, source.page))]),
        ]
    return parts


def agenda_of(plan: Plan) -> Agenda:
    """Return the duties that can be kept as a checklist."""
    return Agenda(
        name=_("%(name)s begins") % {"name": plan.name},
        email=plan.email,
        duties=tuple(
            Duty(title=each.title, due=each.due, who=each.who, email=each.email, phase=each.phase, note=each.note)
            for each in plan.tasks
        ),
    )
