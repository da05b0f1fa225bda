"""Days as people write them."""

from datetime import date

import pytest
from babel.dates import get_month_names

from apps.blueprints.days import day_in


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("width", ["wide", "abbreviated"])
def test_every_month_has_its_name(language, width):
    for number, name in get_month_names(width, locale=language).items():
        assert day_in(f"3. {name} 2026") == date(2026, number, 3), name


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1er août 2026", date(2026, 8, 1)),
        ("August 3 , 2014", date(2014, 8, 3)),
        ("2nd of March 2026", date(2026, 3, 2)),
        ("20-10-2015", date(2015, 10, 20)),
        ("05/04/2026", date(2026, 4, 5)),
        ("2026-04-05", date(2026, 4, 5)),
        ("soon", None),
        ("99.99.9999", None),
    ],
)
def test_ways_to_write_a_day(text, day):
    assert day_in(text) == day
