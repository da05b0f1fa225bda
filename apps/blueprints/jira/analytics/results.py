"""What the analytics come to, and how that is read."""

from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.blueprints import Typed
from apps.blueprints.summaries import Summary
from apps.core.charts import MOST_LABELS, Chart, Series
from apps.core.reports import Facts, Heading, Part, Prose, Report, Table


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
            *([Prose("\n\n".join(analytics.summary.sentences))] if analytics.summary else []),
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


def _sprint(sprint: Sprint | None) -> list[Part]:
    if sprint is None:
        return []
    parts = (
        (_("In it at its start"), sprint.planned),
        (_("Added later"), sprint.added),
        (_("Taken out"), sprint.removed),
        (_("Done by its end"), sprint.done),
        (_("Not done"), sprint.left),
    )
    rows = [(words, str(len(keys)), ", ".join(keys[:50]) or "–") for words, keys in parts]
    return [Heading(_("Sprint %(name)s") % {"name": sprint.name}), Table((_("What"), _("Issues"), _("Keys")), rows)]


def values_of(flow: Flow) -> list[float]:
    """Return every figure that was computed."""
    spreads = [each for each in (flow.lead, flow.cycle) if each is not None]
    values = [figure.value for each in spreads for figure in (each.p50, each.p85, each.p95)]
    values += [float(each.count) for each in spreads]
    values += [float(n) for week in flow.weeks for n in (week.created, week.done, week.all_created, week.all_done)]
    values += [figure.value for stay in flow.stays for figure in (stay.days, stay.share)]
    values += [each.days.value for each in flow.ageing]
    lists = (
        (flow.sprint.planned, flow.sprint.added, flow.sprint.removed, flow.sprint.done, flow.sprint.left)
        if flow.sprint
        else ()
    )
    values += [float(len(keys)) for keys in lists]
    return [
        *values,
        50.0,
        85.0,
        95.0,
        float(flow.issues),
        float(flow.working),
        float(sum(week.done for week in flow.weeks)),
    ]
