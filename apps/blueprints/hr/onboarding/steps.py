"""The steps of the plan: which tasks, what the documents say of them, and on which days."""

import re
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.agents.blueprints import Desk, Step, StepFailed
from apps.blueprints.figures import is_backed
from apps.blueprints.hr.onboarding import planning
from apps.blueprints.hr.onboarding.results import Line, Lines, Plan, Planned, Quote, Quotes, Welcome
from apps.blueprints.quotes import best_quote, passages_in

LEAST_SHARED = 0.6
_ADDRESS = re.compile(r"[^\s<>:;,]+@[^\s<>:;,]+\.[^\s<>:;,]+")


def choose(desk: Desk) -> Lines:
    """Choose the tasks for the role: those of a table, or the usual ones."""
    role = desk.values["role"]
    lines = planning.usual()
    if desk.values.get("table"):
        try:
            lines = planning.lines_in(desk.sheets("table")[0])
        except planning.BadTable as error:
            raise StepFailed(f"{desk.name_of('table')}: {error}") from error
    chosen = [line for line in lines if planning.applies(line, role)]
    if not chosen:
        raise StepFailed(_("None of the tasks is for this role: %(role)s") % {"role": role})
    return Lines(lines=chosen, is_usual=not desk.values.get("table"), left_out=len(lines) - len(chosen))


def look_up(desk: Desk) -> Quotes:
    """Look up what the agent's documents say of each task; an agent without documents looks nothing up."""
    found: dict[str, Quote] = {}
    if "search_knowledge" not in desk.tools():
        return Quotes(quotes=found)
    for place, line in enumerate(desk.of(CHOOSE).lines):
        told = desk.use(f"{place}", "search_knowledge", query=f"{line.title} {line.note}".strip()[:500])
        if "error" in told:  # it has no collection
            break
        quote, passage, (shared, wanted) = best_quote(line.title, passages_in(told))
        if passage is not None and shared >= LEAST_SHARED * wanted:
            found[str(place)] = Quote(quote=quote, document=passage.document, page=passage.page)
    return Quotes(quotes=found)


def plan(desk: Desk) -> Plan:
    """Put each task on its day, with who does it; have a model write a welcome."""
    chosen, quotes = desk.of(CHOOSE), desk.of(LOOK_UP).quotes
    start = planning.due_on(date.fromisoformat(desk.values["start"]), 0)
    people = addresses_in(desk.values.get("people", ""))
    name, email = desk.values["name"].strip(), desk.values.get("email", "").strip().lower()
    people |= {each.casefold(): email for each in (name, _("New colleague"), "New colleague") if email}
    rows = [_planned(line, start, people, quotes.get(str(place))) for place, line in enumerate(chosen.lines)]
    rows.sort(key=lambda task: task.due)
    tasks = [task.model_copy(update={"id": f"T{number}"}) for number, task in enumerate(rows, 1)]
    role = desk.values["role"].strip()
    told = "\n".join([f"{name}, {role}, {start}", *(f"{each.due}: {each.title} ({each.who})" for each in tasks)])
    said = desk.ask("welcome", "welcome", Welcome, plan=told, language=desk.language)
    is_true = said is not None and is_backed("\n".join(said.sentences), said=told)
    return Plan(
        name=name,
        role=role,
        start=start,
        email=email,
        is_usual=chosen.is_usual,
        left_out=chosen.left_out,
        welcome=said if is_true else None,
        tasks=tasks,
    )


def _planned(line: Line, start: date, people: dict[str, str], source: Quote | None) -> Planned:
    after = ngettext("first day + %(n)d working day", "first day + %(n)d working days", line.day)
    before = ngettext("first day − %(n)d working day", "first day − %(n)d working days", -line.day)
    how = (after if line.day > 0 else before) % {"n": abs(line.day)} if line.day else _("first day")
    own = _ADDRESS.search(line.who)
    return Planned(
        id="",
        title=line.title,
        due=planning.due_on(start, line.day),
        how=how,
        who=line.who,
        email=own[0].lower() if own else people.get(line.who.casefold(), ""),
        phase=line.phase,
        note=line.note,
        source=source,
    )


def addresses_in(text: str) -> dict[str, str]:
    """Read who is meant by a word: `IT: jonas@acme.example`, one a line; by the word in small letters. Lines without an address say nothing."""
    found = {}
    for line in text.splitlines():
        address = _ADDRESS.search(line)
        if address is not None:
            found[line[: address.start()].strip(" :=-–<").casefold()] = address[0].lower()
    return found


CHOOSE = Step("choose", gettext_lazy("Choose the tasks"), Lines, choose)
LOOK_UP = Step("look_up", gettext_lazy("Look up what the documents say"), Quotes, look_up)
PLAN = Step("plan", gettext_lazy("Put them on their days"), Plan, plan)
