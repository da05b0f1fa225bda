"""The steps of the estimator: three points a task (PERT), rates, and the risk of the whole; a model says in words what came out.

Expected effort (O + 4M + P) ÷ 6, deviation (P − O) ÷ 6, the whole as if tasks were independent and normally distributed (Malcolm et al. 1959).
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl.utils import get_column_letter

from apps.agents.blueprints import Desk, Step, StepFailed
from apps.blueprints.cells import columns_in, number_in, writes_commas
from apps.blueprints.figures import Figure, rounded, shown
from apps.blueprints.rfp.costs.results import (
    Chance,
    Estimate,
    Group,
    Price,
    Task,
    Unit,
    Work,
    names_of,
    receipts_of,
)
from apps.blueprints.summaries import summary_of
from apps.knowledge.types import Sheet

WORDS: Mapping[str, Sequence[str]] = {
    "task": ("task", "work package", "item", "aufgabe", "arbeitspaket", "position"),
    "phase": ("phase", "stage", "group", "abschnitt"),
    "role": ("role", "who", "profile", "rolle", "profil"),
    "low": ("optimistic", "low", "best", "min", "optimistisch"),
    "likely": ("likely", "most likely", "expected", "wahrscheinlich", "realistisch"),
    "high": ("pessimistic", "high", "worst", "max", "pessimistisch"),
    "rate": ("rate", "day rate", "daily rate", "hourly rate", "satz", "tagessatz", "stundensatz"),
}
NEEDED = {"task": "Task", "low": "Optimistic", "likely": "Likely", "high": "Pessimistic"}
CHANCES = {50: "0", 80: "0.8416", 90: "1.2816", 95: "1.6449"}
MOST_TASKS = 2_000
ZERO = Decimal(0)


def read(desk: Desk) -> Work:
    """Read the tasks with their three points, and what a day or an hour of their roles costs."""
    rates = _rates(desk) if desk.values.get("rates") else {}
    for sheet in desk.sheets("work"):
        columns = columns_in(sheet.rows[0], WORDS)
        if "low" in columns or "likely" in columns:
            break
    else:
        raise StepFailed(_("The work breakdown has no columns “Optimistic”, “Likely” and “Pessimistic”."))
    missing = [name for key, name in NEEDED.items() if key not in columns]
    if missing:
        raise StepFailed(_("The work breakdown has no column “%(names)s”.") % {"names": "”, “".join(missing)})
    tasks = [
        _task(sheet, number, columns, rates) for number in range(2, len(sheet.rows) + 1) if any(sheet.rows[number - 1])
    ]
    if not 0 < len(tasks) <= MOST_TASKS:
        raise StepFailed(
            _("The work breakdown has %(n)d tasks; it may have 1 to %(most)d.") % {"n": len(tasks), "most": MOST_TASKS}
        )
    unit: Unit = "hours" if desk.values.get("unit") == "hours" else "days"
    return Work(document=desk.name_of("work"), unit=unit, currency=desk.values.get("currency", ""), tasks=tasks)


def estimate(desk: Desk) -> Estimate:
    """Compute the whole, how sure it is, and the price."""
    work = desk.of(READ)
    tasks = work.tasks
    effort, cost = _sum(tasks, lambda task: task.effort.value), _sum(tasks, lambda task: task.cost.value)
    effort_off = sum((_exact(task) ** 2 for task in tasks), ZERO).sqrt()
    cost_off = sum(((_exact(task) * task.rate) ** 2 for task in tasks), ZERO).sqrt()
    chances = [
        Chance(
            percent=percent,
            z=Decimal(z),
            effort=_kept(effort, Decimal(z), effort_off),
            cost=_kept(cost, Decimal(z), cost_off),
        )
        for percent, z in CHANCES.items()
    ]
    chosen = int(desk.values.get("chance") or 80)
    price = _price(desk, next(each.cost.value for each in chances if each.percent == chosen))
    return Estimate(
        summary=None,
        work=work,
        phases=_grouped(tasks, lambda task: task.phase),
        roles=_grouped(tasks, lambda task: task.role),
        effort=Figure(value=effort, how=_("the sum of the tasks’ expected efforts")),
        cost=Figure(value=cost, how=_("the sum of the tasks’ costs")),
        effort_deviation=Figure(value=rounded(effort_off), how=_("the square root of the sum of the squared deviations")),
        cost_deviation=Figure(value=rounded(cost_off), how=_("the same, each deviation times its rate")),
        chances=chances,
        chosen=chosen,
        price=price,
    )  # fmt: skip


def say(desk: Desk) -> Estimate:
    """Have a model say what drives the cost and what is unsure; a figure that was not computed has all of it left out."""
    found = desk.of(ESTIMATE)
    summary = summary_of(desk, found, receipts=receipts_of(found), names=names_of(found))
    return found.model_copy(update={"summary": summary})


def _rates(desk: Desk) -> dict[str, Decimal]:
    """Return the rates by role. Raises StepFailed for a table without them."""
    for sheet in desk.sheets("rates"):
        columns = columns_in(sheet.rows[0], WORDS)
        if "role" in columns and "rate" in columns:
            cells = [(_cell(row, columns["role"]), _cell(row, columns["rate"])) for row in sheet.rows[1:]]
            has_comma = writes_commas([rate for _role, rate in cells])
            found = {_key(role): number_in(rate, has_comma=has_comma) for role, rate in cells}
            return {role: rate for role, rate in found.items() if rate is not None}
    raise StepFailed(_("The table of rates has no columns “Role” and “Rate”."))


def _task(sheet: Sheet, number: int, columns: Mapping[str, int], rates: Mapping[str, Decimal]) -> Task:
    row = sheet.rows[number - 1]
    text = {key: _cell(row, place) for key, place in columns.items()}
    points = [_number(text[key], number) for key in ("low", "likely", "high")]
    low, likely, high = points
    if not ZERO <= low <= likely <= high:
        words = _("Row %(row)d: the three points are not in order: optimistic ≤ likely ≤ pessimistic.")
        raise StepFailed(words % {"row": number})
    role = text.get("role", "")
    rate = _number(text["rate"], number) if text.get("rate") else rates.get(_key(role))
    if rate is None:
        words = _(
            "Row %(row)d: there is no rate for “%(role)s”. Add a column “Rate”, or a table of rates with that role."
        )
        raise StepFailed(words % {"row": number, "role": role or "–"})
    a, b, c = (f"{get_column_letter(columns[key] + 1)}{number}" for key in ("low", "likely", "high"))
    effort = (low + 4 * likely + high) / 6
    return Task(
        name=text["task"] or str(number),
        phase=text.get("phase", ""),
        role=role,
        row=number,
        low=low,
        likely=likely,
        high=high,
        effort=Figure(value=rounded(effort), how=f"=({a}+4*{b}+{c})/6"),
        deviation=Figure(value=rounded((high - low) / 6), how=f"=({c}-{a})/6"),
        rate=rate,
        cost=Figure(value=rounded(effort * rate), how=f"=({a}+4*{b}+{c})/6*{rate:f}"),
    )


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _number(text: str, row: int) -> Decimal:
    found = number_in(text, has_comma=writes_commas([text]))
    if found is None:
        raise StepFailed(_("Row %(row)d: “%(text)s” is no number.") % {"row": row, "text": text})
    return found


def _key(role: str) -> str:
    return " ".join(role.lower().split())


def _exact(task: Task) -> Decimal:
    return (task.high - task.low) / 6


def _sum(tasks: Sequence[Task], of: Callable[[Task], Decimal]) -> Decimal:
    return sum((of(task) for task in tasks), ZERO)


def _kept(expected: Decimal, z: Decimal, off: Decimal) -> Figure:
    how = f"{shown(expected)} + {z} × {shown(rounded(off))}" if z else shown(expected)
    return Figure(value=rounded(expected + z * rounded(off)), how=how)


def _grouped(tasks: Sequence[Task], of: Callable[[Task], str]) -> list[Group]:
    names = dict.fromkeys(of(task) or "–" for task in tasks)
    groups = [(name, [task for task in tasks if (of(task) or "–") == name]) for name in names]
    found = [
        Group(name=name, effort=_sum(own, lambda task: task.effort.value), cost=_sum(own, lambda task: task.cost.value))
        for name, own in groups
    ]
    return sorted(found, key=lambda group: -group.cost)


def _price(desk: Desk, cost: Decimal) -> Price:
    overhead_rate, margin_rate = (_percent(desk, name) for name in ("overhead", "margin"))
    overhead = rounded(cost * overhead_rate / 100)
    margin = rounded((cost + overhead) * margin_rate / 100)
    return Price(
        cost=cost,
        overhead=Figure(value=overhead, how=f"{shown(cost)} × {overhead_rate.normalize():f} %"),
        margin=Figure(value=margin, how=f"({shown(cost)} + {shown(overhead)}) × {margin_rate.normalize():f} %"),
        total=Figure(value=cost + overhead + margin, how=f"{shown(cost)} + {shown(overhead)} + {shown(margin)}"),
    )


def _percent(desk: Desk, name: str) -> Decimal:
    number = number_in(desk.values.get(name) or "0", has_comma=writes_commas([desk.values.get(name) or ""]))
    if number is None or not ZERO <= number <= 100:
        raise StepFailed(_("Overhead and margin are per cent, from 0 to 100."))
    return number


READ = Step("read", gettext_lazy("Read tasks and rates"), Work, read)
ESTIMATE = Step("estimate", gettext_lazy("Compute effort, cost and price"), Estimate, estimate)
SAY = Step("say", gettext_lazy("Say what came out"), Estimate, say)
