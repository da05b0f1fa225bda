"""How work flows, from when issues changed status. Pure functions; times are moments in UTC, lengths are days.

An issue is **begun** when it first enters a status of the category *indeterminate*, and **done** when it last entered one of *done*, if it is still there. Cycle time is
from begun to done, lead time from created to done. Percentiles are by nearest rank: the value below or at which so many per cent lie.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil

from apps.blueprints.jira.analytics.results import Ageing, Figure, Flow, Spread, Sprint, Stay, Week
from apps.blueprints.jira.issues import Issue, Issues

NEW, WORKING, DONE = "new", "indeterminate", "done"
MOST_AGEING = 30
DAY_S = 86_400


@dataclass(frozen=True)
class Stretch:
    """A time that an issue was in a status; the last one ends with the look at it."""

    status: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Course:
    """An issue with its stretches, when it was begun and when it was done, null where it was not."""

    issue: Issue
    stretches: tuple[Stretch, ...]
    begun: datetime | None
    done: datetime | None


def flow_of(
    found: Issues, categories: Mapping[str, str], first: date, last: date, sprint: Sprint | None = None
) -> Flow:
    """Compute everything from the Monday of the week of `first` to the day `last`, included: each figure counts the same days."""
    first -= timedelta(days=first.weekday())
    end = datetime.combine(last + timedelta(days=1), time(), UTC)
    courses = [course_of(issue, categories, end) for issue in found.issues if issue.created < end]
    start = datetime.combine(first, time(), UTC)
    done = [each for each in courses if each.done is not None and each.done >= start]
    working = [each for each in courses if category_of(each.stretches[-1].status, categories) == WORKING]
    return Flow(
        jql=found.jql,
        is_table=not found.site,
        issues=len(courses),
        is_cut=found.is_cut,
        first=first,
        last=last,
        lead=spread("lead", [days(each.issue.created, each.done) for each in done if each.done]),
        cycle=spread("cycle", [days(each.begun, each.done) for each in done if each.begun and each.done]),
        weeks=list(weeks(courses, first, last)),
        stays=stays(done, categories),
        ageing=ageing(working, end),
        working=len(working),
        sprint=sprint,
    )


def course_of(issue: Issue, categories: Mapping[str, str], end: datetime) -> Course:
    """Return the course of an issue until a moment."""
    stretches = tuple(_stretches(issue, end))
    entered = [(stretch, category_of(stretch.status, categories)) for stretch in stretches]
    begun = next((stretch.start for stretch, category in entered if category == WORKING), None)
    done = None
    for stretch, category in entered:
        if category != DONE:
            done = None
        elif done is None:
            done = stretch.start
    if begun is not None and done is not None and begun > done:
        begun = None
    return Course(issue, stretches, begun, done)


def _stretches(issue: Issue, end: datetime) -> Iterator[Stretch]:
    moves = [move for move in issue.moves if move.at < end]
    status, start = (issue.moves[0].was if issue.moves else issue.status), issue.created
    for move in moves:
        yield Stretch(status, start, max(start, move.at))
        status, start = move.now, max(start, move.at)
    yield Stretch(status, start, max(start, end))


def category_of(status: str, categories: Mapping[str, str]) -> str:
    """Return the category of a status; one that Jira no longer has counts as worked on."""
    return categories.get(status, WORKING)


def days(start: datetime, end: datetime) -> float:
    """Return the days between two moments, to hundredths."""
    return round((end - start).total_seconds() / DAY_S, 2)


def spread(name: str, lengths: Sequence[float]) -> Spread | None:
    """Return the percentiles; None for no lengths."""
    if not lengths:
        return None
    ordered = sorted(lengths)
    return Spread(name=name, count=len(ordered), p50=_rank(ordered, 50), p85=_rank(ordered, 85), p95=_rank(ordered, 95))


def _rank(ordered: Sequence[float], percent: int) -> Figure:
    place = max(1, ceil(percent * len(ordered) / 100))
    return Figure(value=ordered[place - 1], how=f"{place} / {len(ordered)}")


def weeks(courses: Sequence[Course], first: date, last: date) -> Iterator[Week]:
    """Yield each week from a Monday on; what was created and done before counts into the sums."""
    start = first
    created = Counter(_monday(course.issue.created) for course in courses)
    done = Counter(_monday(course.done) for course in courses if course.done is not None)
    all_created = sum(count for monday, count in created.items() if monday < start)
    all_done = sum(count for monday, count in done.items() if monday < start)
    while start <= last:
        all_created, all_done = all_created + created[start], all_done + done[start]
        yield Week(monday=start, created=created[start], done=done[start], all_created=all_created, all_done=all_done)
        start += timedelta(days=7)


def _monday(moment: datetime) -> date:
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def stays(done: Sequence[Course], categories: Mapping[str, str]) -> list[Stay]:
    """Return where issues stayed until they were done, the longest first."""
    spent: dict[str, float] = defaultdict(float)
    who: dict[str, set[str]] = defaultdict(set)
    for course in done:
        for stretch in course.stretches:
            if category_of(stretch.status, categories) == WORKING and stretch.end > stretch.start:
                spent[stretch.status] += (stretch.end - stretch.start).total_seconds() / DAY_S
                who[stretch.status].add(course.issue.key)
    total = sum(spent.values())
    return [
        Stay(
            status=status,
            days=Figure(value=round(length, 2), how="Σ"),
            share=Figure(value=round(100 * length / total, 1), how=f"100 × {length:.2f} / {total:.2f}"),
            issues=len(who[status]),
        )
        for status, length in sorted(spent.items(), key=lambda each: (-each[1], each[0]))
    ]


def ageing(working: Sequence[Course], end: datetime) -> list[Ageing]:
    """Return what is worked on, the longest first."""
    rows = [
        Ageing(
            key=course.issue.key,
            summary=course.issue.summary,
            status=course.stretches[-1].status,
            since=course.begun,
            days=Figure(value=days(course.begun, end), how=f"{end:%Y-%m-%d} − {course.begun:%Y-%m-%d %H:%M}"),
        )
        for course in working
        if course.begun is not None
    ]
    return sorted(rows, key=lambda row: (-row.days.value, row.key))[:MOST_AGEING]


def sprint_of(
    about: Mapping[str, str], issues: Sequence[Issue], number: int, categories: Mapping[str, str], now: datetime
) -> Sprint:
    """Return what became of a sprint, from when issues came into it and left it."""
    start = datetime.fromisoformat(about["start"])
    end = min(datetime.fromisoformat(about.get("complete") or about["end"]), now)
    planned, added, removed = list[str](), list[str](), list[str]()
    done, left = list[str](), list[str]()
    for issue in issues:
        was_in, is_in = _is_in(issue, number, start), _is_in(issue, number, end)
        if was_in:
            planned.append(issue.key)
        if is_in and not was_in:
            added.append(issue.key)
        if was_in and not is_in:
            removed.append(issue.key)
        if is_in:
            status = course_of(issue, categories, end).stretches[-1].status
            (done if category_of(status, categories) == DONE else left).append(issue.key)
    return Sprint(
        name=about["name"], state=about["state"], start=start, end=end, planned=planned, added=added, removed=removed, done=done, left=left
    )  # fmt: skip


def _is_in(issue: Issue, number: int, moment: datetime) -> bool:
    """Say whether an issue was in a sprint at a moment; one whose sprints never changed was in it since it was created."""
    before = [move for move in issue.sprints if move.at <= moment]
    if before:
        told = before[-1].now
    elif issue.sprints:
        told = issue.sprints[0].was
    else:
        return issue.created <= moment
    return issue.created <= moment and str(number) in [each.strip() for each in told.split(",")]
