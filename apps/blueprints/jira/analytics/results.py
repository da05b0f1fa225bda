"""What the analytics come to, and how that is read."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.blueprints import Typed
from apps.blueprints.figures import Receipts
from apps.blueprints.summaries import Summary, said_of
from apps.core.charts import MOST_LABELS, Chart, Series
from apps.core.reports import Facts, Heading, Part, Report, Table


class Figure(Typed):
    """A figure with its receipt: how it is computed."""

    value: float
    how: str


class Spread(Typed):
    """How long something takes, in days: three percentiles by nearest rank over so many issues."""

    name: str
    count: int
    p50: Figure
    p85: Figure
    p95: Figure


class Week(Typed):
    """A week by its Monday: issues created and done in it, and how many of all were created and done until its end."""

    monday: date
    created: int
    done: int
    all_created: int
    all_done: int


class Stay(Typed):
    """How long the issues that were done stayed in a status that is neither new nor done: days together, and the share of all such days."""

    status: str
    days: Figure
    share: Figure
    issues: int


class Ageing(Typed):
    """An issue that is worked on, and for how many days."""

    key: str
    summary: str
    status: str
    since: datetime
    days: Figure


class Sprint(Typed):
    """A sprint: what was in it when it began, what came and went, and what of it was done by its end. Issues by key."""

    name: str
    state: str
    start: datetime
    end: datetime
    planned: list[str]
    added: list[str]
    removed: list[str]
    done: list[str]
    left: list[str]


class Flow(Typed):
    """Everything that was computed, for issues done or worked on between two days, the last one included; `jql` is the name of the table where there was one."""

    jql: str
    is_table: bool
    issues: int
    is_cut: bool
    first: date
    last: date
    lead: Spread | None
    cycle: Spread | None
    weeks: list[Week]
    stays: list[Stay]
    ageing: list[Ageing]
    working: int
    sprint: Sprint | None


class Analytics(Typed):
    """All of it. `summary` is null where no model wrote one, or one with a figure that was not computed."""

    summary: Summary | None
    flow: Flow


def report_of(analytics: Analytics) -> Report:
    """Return what people read: how fast work flows, how much, where it waits, what grows old, and the sprint."""
    flow = analytics.flow
    return Report(
        (
            *said_of(analytics.summary, receipts=receipts_of(flow), names=names_of(flow)),
            Facts(_facts(flow)),
            *_spreads(flow),
            *_weeks(flow),
            *_stays(flow),
            *_ageing(flow),
            *_sprint(flow.sprint),
        )
    )


def _facts(flow: Flow) -> list[tuple[str, str]]:
    found = ngettext("%(n)d issue", "%(n)d issues", flow.issues) % {"n": flow.issues}
    cut = [(_("Left out"), _("There are more; the first of them are looked at."))] if flow.is_cut else []
    done = sum(week.done for week in flow.weeks)
    return [
        (_("Table") if flow.is_table else "JQL", flow.jql),
        (_("Found"), found),
        *cut,
        (_("From"), date_format(flow.first)),
        (_("Until"), date_format(flow.last)),
        (_("Done"), str(done)),
        (_("Worked on now"), str(flow.working)),
    ]


def _spreads(flow: Flow) -> list[Part]:
    spreads = [spread for spread in (flow.lead, flow.cycle) if spread is not None]
    if not spreads:
        return []
    names = {"lead": _("Lead time (created to done)"), "cycle": _("Cycle time (begun to done)")}
    rows = [
        (names[each.name], str(each.count), *(f"{figure.value:g}" for figure in (each.p50, each.p85, each.p95)), each.p85.how)
        for each in spreads
    ]  # fmt: skip
    head = (_("Measure"), _("Issues"), _("Half within"), _("85 % within"), _("95 % within"), _("How, for 85 %"))
    return [Heading(_("How long it takes, in days")), Table(head, rows)]


def _weeks(flow: Flow) -> list[Part]:
    weeks = flow.weeks[-MOST_LABELS:]
    if len(weeks) < 2:
        return []
    labels = tuple(week.monday.isoformat() for week in weeks)
    through = Series(_("Done"), tuple(float(week.done) for week in weeks))
    came = Series(_("Created"), tuple(float(week.created) for week in weeks))
    both = (
        Series(_("Created so far"), tuple(float(week.all_created) for week in weeks)),
        Series(_("Done so far"), tuple(float(week.all_done) for week in weeks)),
    )
    return [
        Heading(_("Throughput")),
        Chart(_("Issues a week"), labels, (came, through)),
        Chart(_("Cumulative flow"), labels, both),
    ]


def _stays(flow: Flow) -> list[Part]:
    if not flow.stays:
        return []
    rows = [
        (each.status, f"{each.days.value:g}", f"{each.share.value:g} %", str(each.issues), each.share.how)
        for each in flow.stays
    ]
    head = (_("Status"), _("Days together"), _("Share"), _("Issues"), _("How"))
    return [Heading(_("Where done issues waited")), Table(head, rows)]


def _ageing(flow: Flow) -> list[Part]:
    if not flow.ageing:
        return []
    rows = [(each.key, each.summary, each.status, f"{each.days.value:g}", each.days.how) for each in flow.ageing]
    head = (_("Key"), _("Summary"), _("Status"), _("Days"), _("How"))
    return [Heading(_("Worked on longest")), Table(head, rows)]


def _sprint_title(sprint: Sprint) -> str:
    return _("Sprint %(name)s") % {"name": sprint.name}


def _moved(sprint: Sprint) -> list[tuple[str, list[str]]]:
    return [
        (_("In it at its start"), sprint.planned),
        (_("Added later"), sprint.added),
        (_("Taken out"), sprint.removed),
        (_("Done by its end"), sprint.done),
        (_("Not done"), sprint.left),
    ]


def _sprint(sprint: Sprint | None) -> list[Part]:
    if sprint is None:
        return []
    rows = [(words, str(len(keys)), ", ".join(keys[:50]) or "–") for words, keys in _moved(sprint)]
    return [Heading(_sprint_title(sprint)), Table((_("What"), _("Issues"), _("Keys")), rows)]


def receipts_of(flow: Flow) -> Receipts:
    """Return every figure that was computed, by the title under which it stands how."""
    spreads = [each for each in (flow.lead, flow.cycle) if each is not None]
    takes = [value for each in spreads for value in (each.p50.value, each.p85.value, each.p95.value, each.count)]
    done = sum(week.done for week in flow.weeks)
    return {
        _("How long it takes, in days"): _decimals([*takes, 50, 85, 95]),
        **_weekly(flow.weeks),
        _("Where done issues waited"): _decimals(v for stay in flow.stays for v in (stay.days.value, stay.share.value)),
        _("Worked on longest"): _decimals(each.days.value for each in flow.ageing),
        **({_sprint_title(flow.sprint): _decimals(len(keys) for _words, keys in _moved(flow.sprint))} if flow.sprint else {}),
        "": _decimals([flow.issues, flow.working, done]),
    }  # fmt: skip


def _weekly(weeks: list[Week]) -> dict[str, list[Decimal]]:
    counts = (n for week in weeks for n in (week.created, week.done, week.all_created, week.all_done))
    return {_("Throughput") if len(weeks) > 1 else "": _decimals(counts)}


def _decimals(numbers: Iterable[float]) -> list[Decimal]:
    return [Decimal(str(number)) for number in numbers]


def names_of(flow: Flow) -> list[str]:
    """Return the names in which figures may stand."""
    names = [flow.jql, *(each.key for each in flow.ageing), *(week.monday.isoformat() for week in flow.weeks)]
    return [*names, *(each.status for each in flow.stays), *([flow.sprint.name] if flow.sprint else [])]
