"""Personal details: found, covered, uncovered, out of logs and error reports. All numbers are made up or from documentation."""

import logging

import pytest

from apps.core.error_reports import _clean
from apps.core.logs import formatter
from apps.core.personal import REGIONS, Veil, find, hidden, whole_part

DETAILS = [
    ("email", "jane.doe+news@mail.example.co.uk"),
    ("email", "jürgen@example.de"),
    ("phone", "+44 20 7946 0958"),
    ("phone", "+49 (0) 30 901820"),
    ("phone", "030 901820"),
    ("card", "4111 1111 1111 1111"),
    ("card", "5500-0000-0000-0004"),
    ("card", "378282246310005"),
    ("account", "DE89 3704 0044 0532 0130 00"),
    ("account", "GB82WEST12345698765432"),
    ("account", "NO9386011117947"),
    ("identity", "536-90-4399"),
    ("identity", "36 574 261 809"),
    ("identity", "54362315K"),
    ("identity", "X2482300W"),
    ("identity", "RSSMRA85T10A562S"),
    ("identity", "2 95 10 99 126 111 93"),
    ("identity", "756.9217.0769.85"),
    ("identity", "AB 12 34 56 C"),
    ("identity", "44051401359"),
    ("identity", "DE136695976"),
    ("machine", "10.20.30.40"),
    ("machine", "2001:db8::8a2e:370:7334"),
    ("machine", "00:1A:2b:3c:4d:5e"),
]
NOTHING = [
    "Order 12345678 of 2026-11-28 10:30:15, 1.234,56 EUR, section 2.1.3, see [2].",
    "2f1e9d1c-12ab-4cde-9f00-aabbccddeeff",
    "4111 1111 1111 1112",
    "DE89 3704 0044 0532 0130 01",
    "36 574 261 800",
    "54362315A",
    "999.20.30.40",
    "a@b, @jane, mail@localhost, C++ :: x",
    "INSTRUCTIONS IN CAPITALS AND 28 DAYS",
    "9781234567897",
]


@pytest.mark.parametrize(("kind", "detail"), DETAILS, ids=lambda value: value)
def test_detail_is_found_alone_and_in_a_sentence(kind, detail):
    for text in (detail, f"It is {detail}, they said.", f'{{"x": "{detail}"}}', f"({detail})"):
        places = find(text, REGIONS["de"])
        assert [(place.kind, text[place.start : place.end]) for place in places] == [(kind, detail)], text


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_none_stays(text):
    assert find(text, REGIONS["de"]) == []


def test_covered_is_uncovered_to_the_letter():
    veil = Veil(REGIONS["de"])
    text = " and ".join(detail for _kind, detail in DETAILS) + " and jane.doe+news@mail.example.co.uk"
    covered = veil.cover(text)
    assert not any(detail in covered for _kind, detail in DETAILS) and covered.count("[EMAIL_1]") == 2
    assert veil.reveal(covered) == text and veil.counts["identity"] == 10


def test_marks_are_the_same_each_time_in_the_same_order():
    first, second = Veil(), Veil()
    texts = ["a@example.com writes", "b@example.com and a@example.com"]
    assert [first.cover(text) for text in texts] == [second.cover(text) for text in texts]


def test_json_is_covered_by_its_strings():
    veil = Veil()
    covered = veil.cover_json('{"to":"x\\na@example.com","n":5,"more":["b@example.com"]}')
    assert covered == '{"to":"x\\n[EMAIL_1]","n":5,"more":["[EMAIL_2]"]}'
    assert veil.reveal_json(covered) == '{"to":"x\\na@example.com","n":5,"more":["b@example.com"]}'
    quoted = Veil()
    quoted._details["[EMAIL_1]"] = 'a"b@example.com'
    assert quoted.reveal_json('{"to":"[EMAIL_1]"}') == '{"to":"a\\"b@example.com"}'
    assert veil.cover_json("a@example.com {") == "[EMAIL_1] {"


def test_unknown_mark_and_begun_mark():
    assert Veil().reveal("See [EMAIL_9] and [1].") == "See [EMAIL_9] and [1]."
    assert whole_part("Write to [EMA") == len("Write to ")
    assert whole_part("See [1] now") == len("See [1] now")
    assert whole_part("[" + "x" * 40) == 41


def test_long_texts_take_linear_time():
    """Nested repetition would take minutes here; what is looked for is found behind it."""
    for text in ("a." * 20_000 + "@", "1 " * 20_000, "A1" * 20_000, ":" * 20_000, "a@" * 20_000, "DE89 " * 8_000):
        places = find(f"{text}, jane@example.com", REGIONS["de"])
        assert places[-1].kind == "email" and len(places) == 1, text[:10]


def test_logs_and_error_reports_name_the_kind_alone():
    record = logging.LogRecord("app", logging.ERROR, "x.py", 1, "No mail to %s from 10.0.0.1", ("a@example.com",), None)
    line = formatter().format(record)
    assert "a@example.com" not in line and "[email]" in line and "10.0.0.1" in line
    try:
        raise ValueError("+44 20 7946 0958 is no number of 93.184.215.14")
    except ValueError:
        import sys

        record = logging.LogRecord("app", logging.ERROR, "x.py", 1, "Failed", (), sys.exc_info())
    for as_json in (True, False):
        line = formatter(as_json).format(record)
        assert "7946" not in line and "93.184" not in line and "[phone] is no number of [machine]" in line
    event = {"exception": {"values": [{"value": "a@example.com"}]}, "message": "to b@example.com"}
    assert "@" not in str(_clean(event, None))
    assert hidden("from 127.0.0.1") == "from 127.0.0.1"
