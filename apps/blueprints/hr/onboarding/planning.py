"""Which tasks there are for somebody new, and on which days: working days from the first one, out of a table or the usual ones."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.utils.translation import gettext as _

from apps.blueprints.cells import columns_in
from apps.blueprints.hr.onboarding.results import Line
from apps.knowledge.types import Sheet

MOST_TASKS, MOST_DAYS = 100, 400
WORDS: Mapping[str, Sequence[str]] = {
    "task": ("task", "aufgabe", "what", "was"),
    "day": ("day", "days", "tag", "tage"),
    "who": ("who", "wer", "owner", "zuständig", "verantwortlich"),
    "role": ("role", "roles", "rolle", "rollen"),
    "phase": ("phase", "abschnitt"),
    "note": ("note", "notes", "hinweis", "notiz"),
}


class BadTable(ValueError):
    """A table that cannot be read; the sentence is for people."""


def lines_in(sheet: Sheet) -> list[Line]:
    """Read a table of tasks: what, how many working days from the first day (negative: before), who, for which roles. Raises BadTable."""
    places = columns_in(sheet.rows[0], WORDS) if sheet.rows else {}
    if not {"task", "day"} <= set(places):
        raise BadTable(_("The table needs the columns Task and Day; Who, Role, Phase and Note are read too."))
    found = [_line(number, row, places) for number, row in enumerate(sheet.rows[1:], 2) if any(map(str.strip, row))]
    if len(found) > MOST_TASKS:
        raise BadTable(_("At most %(n)d tasks.") % {"n": MOST_TASKS})
    return found


def _line(number: int, row: Sequence[str], places: Mapping[str, int]) -> Line:
    cells = {key: row[place].strip() if place < len(row) else "" for key, place in places.items()}
    day = cells["day"].replace("−", "-").removeprefix("+") or "0"
    if not day.lstrip("-").isdecimal() or abs(int(day)) > MOST_DAYS or not cells["task"]:
        raise BadTable(_("Row %(n)d: a task, and its day as a whole number.") % {"n": number})
    return Line(
        title=cells["task"][:200],
        day=int(day),
        who=cells.get("who", "")[:120],
        role=cells.get("role", ""),
        phase=cells.get("phase", "")[:80],
        note=cells.get("note", "")[:500],
    )


def usual() -> list[Line]:
    """Return tasks that most places have, for where no table is given."""
    boss, staff, tools, new = _("Manager"), _("Personnel"), _("IT"), _("New colleague")
    before, first, weeks = _("Before the first day"), _("First week"), _("First three months")
    rows = (
        (before, -10, staff, _("Send the contract and the forms, and get them back")),
        (before, -10, tools, _("Order computer and telephone")),
        (before, -5, tools, _("Set up accounts and rights")),
        (before, -5, boss, _("Choose somebody who helps in the first weeks")),
        (before, -2, boss, _("Tell the team who comes and for what")),
        (first, 0, boss, _("Welcome, and show the place and the people")),
        (first, 0, tools, _("Hand over computer, telephone and keys")),
        (first, 1, new, _("Read the rules on safety, data protection and working hours")),
        (first, 2, staff, _("Explain pay, leave and sickness")),
        (first, 4, boss, _("Talk about the first week, and agree on aims")),
        (weeks, 20, boss, _("Talk after a month: what goes well, what is missing")),
        (weeks, 45, boss, _("Talk after half of the probation")),
        (weeks, 60, boss, _("Talk after three months, and decide on what comes next")),
    )
    return [Line(title=title, day=day, who=who, role="", phase=phase, note="") for phase, day, who, title in rows]


def applies(line: Line, role: str) -> bool:
    """Say whether a task is for a role: it names none, or one whose words stand in it."""
    wanted = [part.strip().casefold() for part in line.role.split(",") if part.strip()]
    return not wanted or any(part in role.casefold() for part in wanted)


def due_on(first: date, day: int) -> date:
    """Return the working day that is so many after the first day, or before it; Saturdays and Sundays are none."""
    found = first
    while found.weekday() > 4:
        found += timedelta(days=1)
    step = timedelta(days=1 if day >= 0 else -1)
    left = abs(day)
    while left:
        found += step
        left -= found.weekday() < 5
    return found
