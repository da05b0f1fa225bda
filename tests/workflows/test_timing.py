"""When schedules are due, and how people say it."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.errors import InvalidInput
from apps.workflows.timing import checked_cron, cron_of, next_times, rhythm_of, words_for
from apps.workflows.types import Rhythm


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_hours_are_those_of_the_zone_and_follow_its_summer_time():
    found = next_times(at("2026-03-27T12:00"), "30 8 * * *", "Europe/Berlin", 3)
    assert found == [at("2026-03-28T07:30"), at("2026-03-29T06:30"), at("2026-03-30T06:30")]


def test_hour_that_a_clock_change_skips_is_not_missed():
    found = next_times(at("2026-03-28T12:00"), "30 2 * * *", "Europe/Berlin", 2)
    assert found == [at("2026-03-29T01:00"), at("2026-03-30T00:30")]


def test_hour_that_comes_twice_counts_once():
    found = next_times(at("2026-10-24T12:00"), "30 2 * * *", "Europe/Berlin", 2)
    assert found == [at("2026-10-25T00:30"), at("2026-10-26T01:30")]


@pytest.mark.parametrize("text", ["", "every day", "* * * *", "61 * * * *", "0 0 30 2 *", "* * * * * *", "@daily"])
def test_what_never_comes_is_refused(text):
    with pytest.raises(InvalidInput) as caught:
        checked_cron(text)
    assert caught.value.field == "cron"


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["hour", "day", "workdays", "week", "month"]),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 6),
    st.integers(1, 28),
)
def test_what_people_choose_comes_back_from_its_expression(every, hour, minute, weekday, day):
    cron = checked_cron(cron_of(Rhythm(every, hour, minute, weekday, day)))
    found = rhythm_of(cron)
    assert found.every == every and found.minute == minute
    assert every == "hour" or found.hour == hour
    assert every != "week" or found.weekday == weekday
    assert every != "month" or found.day == day


def test_words():
    assert words_for("30 8 * * 1-5") == "Monday to Friday at 8:30 a.m."
    assert words_for("0 9 * * 0") == "Every Sunday at 9 a.m."
    assert words_for("0 9 L * *") == "0 9 L * *"
