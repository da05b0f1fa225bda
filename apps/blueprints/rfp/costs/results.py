"""What the estimator comes to, and how that is read."""

from decimal import Decimal
from typing import Literal

from django.utils.translation import gettext as _

from apps.agents.blueprints import Typed
from apps.blueprints.figures import Figure, Receipts, counted, shown
from apps.blueprints.summaries import Summary, said_of
from apps.core.charts import MOST_LABELS, Chart, Series
from apps.core.reports import Facts, Heading, Led, Part, Prose, Report, Table

Unit = Literal["days", "hours"]


class Task(Typed):
    """A task: its three points, what is expected of it, and how sure that is (one standard deviation); `row` is that of the table."""

    name: str
    phase: str
    role: str
    row: int
    low: Decimal
    likely: Decimal
    high: Decimal
    effort: Figure
    deviation: Figure
    rate: Decimal
    cost: Figure


class Group(Typed):
    """The tasks of a phase or a role together."""

    name: str
    effort: Decimal
    cost: Decimal


class Work(Typed):
    """The work breakdown with its rates."""

    document: str
    unit: Unit
    currency: str
    tasks: list[Task]


class Chance(Typed):
    """What effort and cost stay below with a chance, in per cent; `z` is the quantile of the normal distribution."""

    percent: int
    z: Decimal
    effort: Figure
    cost: Figure


class Price(Typed):
    """What is offered: the cost at the chance that was chosen, with overhead, and the margin on top."""

    cost: Decimal
    overhead: Figure
    margin: Figure
    total: Figure


class Estimate(Typed):
    """All of it. `summary` is null where no model wrote one, or one with a figure that was not computed."""

    summary: Summary | None
    work: Work
    phases: list[Group]
    roles: list[Group]
    effort: Figure
    cost: Figure
    effort_deviation: Figure
    cost_deviation: Figure
    chances: list[Chance]
    chosen: int
    price: Price


def receipts_of(estimate: Estimate) -> Receipts:
    """Return every figure that was given or computed, by the title under which it stands how."""
    tasks, price = estimate.work.tasks, estimate.price
    totals = [estimate.effort, estimate.effort_deviation, estimate.cost, estimate.cost_deviation]
    priced = [price.overhead, price.margin, price.total]
    figures = [each for chance in estimate.chances for each in (chance.effort, chance.cost)]
    percents = [Decimal(chance.percent) for chance in estimate.chances]
    of_tasks = [each.value for task in tasks for each in (task.effort, task.deviation, task.cost)]
    return {
        _("How it becomes a price"): [*(each.value for each in (*totals, *priced)), price.cost],
        _("How sure it is"): [*(each.value for each in figures), *percents],
        _("Cost by phase"): [each for group in _shown(estimate.phases) for each in (group.effort, group.cost)],
        _("Cost by role"): [each for group in _shown(estimate.roles) for each in (group.effort, group.cost)],
        _("Tasks"): [*of_tasks, *(each for task in tasks for each in (task.low, task.likely, task.high, task.rate))],
        "": [Decimal(len(tasks))],
    }


def names_of(estimate: Estimate) -> list[str]:
    """Return the names in which figures may stand."""
    return [each for task in estimate.work.tasks for each in (task.name, task.phase, task.role)]


def report_of(estimate: Estimate) -> Report:
    """Return what people read: the price, how sure it is, where the cost lies, and every task with its formulas."""
    work = estimate.work
    return Report(
        (
            *said_of(estimate.summary, receipts=receipts_of(estimate), names=names_of(estimate)),
            Facts(_facts(estimate)),
            Heading(_("How it becomes a price")),
            Table((_("Step"), _("Amount"), _("Formula")), _steps(estimate)),
            Heading(_("How sure it is")),
            Table((_("Chance"), _("Effort"), _("Cost"), _("Formula of the cost")), _chances(estimate)),
            *_groups(_("Cost by phase"), _("Phase"), estimate.phases, work),
            *_groups(_("Cost by role"), _("Role"), estimate.roles, work),
            Heading(_("Tasks")),
            Prose(_("Of the three points o, l and p, (o + 4 × l + p) ÷ 6 is expected and (p − o) ÷ 6 is one deviation; what is expected, times the rate, is the cost.")),
            Table(
                (*(_("Task"), _("Role"), _("Three points"), _("Expected"), _("± one deviation")), *(_("Rate"), _("Cost"), _("Formula"))),
                [_task(task) for task in work.tasks],
            ),
        )
    )  # fmt: skip


def _facts(estimate: Estimate) -> list[tuple[str, str | Led]]:
    work, price = estimate.work, estimate.price
    title, unit = _("How it becomes a price"), _unit(work)
    effort = f"{counted(estimate.effort.value)} {unit} ± {counted(estimate.effort_deviation.value)}"
    cost = f"{_money(estimate.cost.value, work)} ± {_money(estimate.cost_deviation.value, work)}"
    return [
        (_("Document"), work.document),
        (_("Tasks"), str(len(work.tasks))),
        (_("Expected effort"), Led(effort, title)),
        (_("Expected cost"), Led(cost, title)),
        (_("Price, with a chance of %(n)d %%") % {"n": estimate.chosen}, Led(_money(price.total.value, work), title)),
    ]


def _steps(estimate: Estimate) -> list[tuple[str, str, str]]:
    price = estimate.price
    chance = next(each for each in estimate.chances if each.percent == estimate.chosen)
    unit = _unit(estimate.work)
    return [
        (_("Expected effort"), f"{counted(estimate.effort.value)} {unit}", estimate.effort.how),
        (_("± one deviation"), f"{counted(estimate.effort_deviation.value)} {unit}", estimate.effort_deviation.how),
        (_("Expected cost"), shown(estimate.cost.value), estimate.cost.how),
        (_("± one deviation"), shown(estimate.cost_deviation.value), estimate.cost_deviation.how),
        (_("Cost that is kept with a chance of %(n)d %%") % {"n": chance.percent}, shown(price.cost), chance.cost.how),
        (_("Overhead"), shown(price.overhead.value), price.overhead.how),
        (_("Margin"), shown(price.margin.value), price.margin.how),
        (_("Price"), shown(price.total.value), price.total.how),
    ]


def _chances(estimate: Estimate) -> list[tuple[str, str, str, str]]:
    return [
        (
            f"{each.percent} %",
            f"{counted(each.effort.value)} {_unit(estimate.work)}",
            shown(each.cost.value),
            each.cost.how,
        )
        for each in estimate.chances
    ]


def _shown(groups: list[Group]) -> list[Group]:
    """Return what is worth a table: one group is the whole."""
    return groups if len(groups) > 1 else []


def _groups(title: str, word: str, groups: list[Group], work: Work) -> list[Part]:
    if not _shown(groups):
        return []
    drawn = groups[:MOST_LABELS]
    series = Series(title, tuple(float(each.cost) for each in drawn))
    rows = [(each.name, f"{counted(each.effort)} {_unit(work)}", shown(each.cost)) for each in groups]
    chart = Chart(title, tuple(each.name for each in drawn), (series,), work.currency)
    how = Prose(_("Each is the sum of its tasks, which are listed below."))
    return [Heading(title), chart, how, Table((word, _("Effort"), _("Cost")), rows)]


def _task(task: Task) -> tuple[str, ...]:
    points = " / ".join(counted(point) for point in (task.low, task.likely, task.high))
    expected, off = counted(task.effort.value), counted(task.deviation.value)
    return (task.name, task.role, points, expected, off, shown(task.rate), shown(task.cost.value), task.effort.how)


def _unit(work: Work) -> str:
    return {"days": _("days"), "hours": _("hours")}[work.unit]


def _money(amount: Decimal, work: Work) -> str:
    return f"{shown(amount)} {work.currency}".strip()
