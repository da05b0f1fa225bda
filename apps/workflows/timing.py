"""When what runs by a schedule is due: expressions of cron in a time zone, by cronsim, and as people say them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInput
from apps.workflows.types import Rhythm

FIELDS = 5
_SHAPES = (
    ("hour", re.compile(r"(?P<minute>\d{1,2}) \* \* \* \*")),
    ("day", re.compile(r"(?P<minute>\d{1,2}) (?P<hour>\d{1,2}) \* \* \*")),
    ("workdays", re.compile(r"(?P<minute>\d{1,2}) (?P<hour>\d{1,2}) \* \* 1-5")),
    ("week", re.compile(r"(?P<minute>\d{1,2}) (?P<hour>\d{1,2}) \* \* (?P<weekday>[0-6])")),
    ("month", re.compile(r"(?P<minute>\d{1,2}) (?P<hour>\d{1,2}) (?P<day>\d{1,2}) \* \*")),
)


def cron_of(rhythm: Rhythm) -> str:
    """Return a rhythm as an expression of cron."""
    at, cron = f"{rhythm.minute} {rhythm.hour}", " ".join(rhythm.cron.split())
    return {
        "hour": f"{rhythm.minute} * * * *",
        "day": f"{at} * * *",
        "workdays": f"{at} * * 1-5",
        "week": f"{at} * * {rhythm.weekday}",
        "month": f"{at} {rhythm.day} * *",
    }.get(rhythm.every, cron)


def rhythm_of(cron: str) -> Rhythm:
    """Return an expression of cron as people say it, `custom` where they do not."""
    for every, shape in _SHAPES:
        found = shape.fullmatch(cron)
        if found:
            return Rhythm(every, **{name: int(value) for name, value in found.groupdict().items()}, cron=cron)
    return Rhythm("custom", cron=cron)


def checked_cron(text: str) -> str:
    """Return an expression of cron with single spaces. Raises InvalidInput for one that is none, or whose time never comes."""
    cron = " ".join(text.split())
    words = _("This is no time that comes: write minute, hour, day, month and weekday, like 30 8 * * 1-5.")
    if len(cron.split()) != FIELDS:
        raise InvalidInput(words, field="cron")
    try:
        next(CronSim(cron, datetime.now(UTC)))
    except (CronSimError, StopIteration) as error:
        raise InvalidInput(words, field="cron") from error
    return cron


def times_after(moment: datetime, cron: str, time_zone: str) -> Iterator[datetime]:
    """Yield when a schedule is due after a moment, in UTC; an hour that a clock change skips is made up for at once (see cronsim)."""
    for due in CronSim(cron, moment.astimezone(ZoneInfo(time_zone))):
        yield due.astimezone(UTC)


def next_time(moment: datetime, cron: str, time_zone: str) -> datetime:
    """Return when a schedule is due next. Raises StopIteration where it never is."""
    return next(times_after(moment, cron, time_zone))


def next_times(moment: datetime, cron: str, time_zone: str, count: int) -> list[datetime]:
    """Return the next so many times at which a schedule is due."""
    return list(islice(times_after(moment, cron, time_zone), count))


def words_for(cron: str) -> str:
    """Say a schedule in words, where there are any."""
    rhythm = rhythm_of(cron)
    if rhythm.every == "custom":
        return cron
    about: dict[str, Any] = {
        "at": time_format(time(rhythm.hour, rhythm.minute)),
        "minute": rhythm.minute,
        "weekday": WEEKDAYS[(rhythm.weekday - 1) % 7],
        "day": rhythm.day,
    }
    words = {
        "hour": _("Every hour, %(minute)d minutes past"),
        "day": _("Every day at %(at)s"),
        "workdays": _("Monday to Friday at %(at)s"),
        "week": _("Every %(weekday)s at %(at)s"),
        "month": _("On day %(day)d of each month at %(at)s"),
    }
    return words[rhythm.every] % about
