"""The tool that knows today's date and reckons with days, by the clock of the person who asked."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext_lazy

from apps.agents.tools.base import Tool, ToolContext, ToolFailed, ToolResult
from apps.providers.types import ToolSpec

MOST = 40_000
_STEP = {"type": "integer", "minimum": -MOST, "maximum": MOST}
SPEC = ToolSpec(
    name="reckon_days",
    description=(
        "Today's date, or the date so many days, working days (Monday to Friday, holidays not known) or months after (before,"
        " if negative) a date; with `until` the days between the two. Without `date` it reckons from today."
    ),
    parameters={
        "type": "object",
        "properties": {
            "date": {"type": "string", "format": "date", "description": "YYYY-MM-DD"},
            "add_days": _STEP,
            "add_working_days": _STEP,
            "add_months": {"type": "integer", "minimum": -1200, "maximum": 1200},
            "until": {"type": "string", "format": "date", "description": "YYYY-MM-DD"},
        },
        "additionalProperties": False,
    },
)


def _call(context: ToolContext, arguments: dict[str, Any]) -> ToolResult:
    zone = getattr(context.user, "time_zone", "") or "UTC"
    now = timezone.now().astimezone(ZoneInfo(zone))
    try:
        day = _moved(_day(arguments["date"]) if "date" in arguments else now.date(), arguments)
        content: dict[str, Any] = {"date": day.isoformat(), "weekday": f"{day:%A}", "week": day.isocalendar().week}
    except OverflowError as error:
        raise ToolFailed("That is beyond the calendar.") from error
    if not arguments:
        content["time"] = f"{now:%H:%M}"
        content["time_zone"] = zone
    if "until" in arguments:
        until = _day(arguments["until"])
        content |= {"days": (until - day).days, "working_days": _working_days(day, until)}
    return ToolResult(content)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ToolFailed(f"{text[:40]} is no date. Write YYYY-MM-DD.") from error


def _moved(day: date, by: dict[str, Any]) -> date:
    months = day.year * 12 + day.month - 1 + by.get("add_months", 0)
    year, month = months // 12, months % 12 + 1
    if not date.min.year <= year <= date.max.year:
        raise OverflowError
    day = date(year, month, min(day.day, monthrange(year, month)[1])) + timedelta(days=by.get("add_days", 0))
    return _after_working_days(day, by.get("add_working_days", 0))


def _after_working_days(day: date, count: int) -> date:
    moved = np.busday_offset(day, count, roll="backward" if count > 0 else "forward").item() if count else day
    if not isinstance(moved, date):  # numpy goes further than the calendar
        raise OverflowError
    return moved


def _working_days(first: date, last: date) -> int:
    """Count Mondays to Fridays after `first` up to and with `last`; negative backwards."""
    if last < first:
        return -_working_days(last, first)
    days = np.array([first, last], dtype="datetime64[D]") + 1
    return int(np.busday_count(days[0], days[1]))


RECKON_DAYS = Tool(
    SPEC,
    _call,
    title=gettext_lazy("Calendar"),
    summary=gettext_lazy("Knows today's date and reckons with days, working days and months."),
    icon="calendar",
)
