"""The text of a prompt: its places, what is declared for them, and filling them in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInput
from apps.prompts.rendering import difference
from apps.prompts.templating import checked_text, checked_values, checked_variables, names_in, render
from apps.prompts.types import Variable


def test_places_are_found_once_in_order_without_those_given():
    text = "For {{ product }} of {{organisation}}: {{  tone }}, {{product}}. {{ Not }} {{}} {{ a b }} {x}"
    assert names_in(text) == ["product", "tone"]


def test_values_are_filled_in_and_never_looked_at_again():
    text = render("{{ a }} and {{ b }}, {{ c }}.", {"a": "{{ b }}", "b": "two"})
    assert text == "{{ b }} and two, ."


@given(st.text(max_size=200), st.dictionaries(st.sampled_from("abc"), st.text(max_size=20)))
def test_text_without_places_stays_as_it_is(text, values):
    if "{{" not in text:
        assert render(text, values) == text


def test_undeclared_place_is_required_text():
    assert checked_variables("{{ a }}", []) == [Variable("a")]


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        (Variable("b"), "no place"),
        (Variable("a", "colour"), "no such kind"),
        (Variable("a", "choice", choices=("one",)), "two choices"),
        (Variable("a", "number", default="many"), "number"),
        (Variable("a", "date", default="tomorrow"), "day like"),
        (Variable("a", "switch", default="perhaps"), "yes or no"),
        (Variable("a", "choice", choices=("x", "y"), default="z"), "one of: x, y"),
        (Variable("a", default="x" * 501), "500"),
    ],
)
def test_declaration_that_does_not_fit(variable, words):
    with pytest.raises(InvalidInput) as refused:
        checked_variables("{{ a }}", [variable])
    assert words in str(refused.value.message)


@pytest.mark.parametrize("text", ["", "  \n", "x" * 40_001, "\0"])
def test_text_that_is_none_or_too_long(text):
    with pytest.raises(InvalidInput):
        checked_text(text)


def test_values_by_kind():
    variables = [
        Variable("n", "number"),
        Variable("d", "date"),
        Variable("s", "switch"),
        Variable("c", "choice", choices=("x", "y"), default="x"),
        Variable("t", is_required=False),
    ]
    given_ = {"n": "1.50", "d": "2026-11-30", "s": "on", "c": "", "t": None, "unknown": "left"}
    assert checked_values(variables, given_) == {"n": "1.50", "d": "2026-11-30", "s": "yes", "c": "x", "t": ""}
    for wrong in ({"n": "NaN"}, {"d": "30.11."}, {"s": "so"}, {"c": "z"}, {"n": ""}):
        with pytest.raises(InvalidInput) as refused:
            checked_values(variables, given_ | wrong)
        assert refused.value.field == f"values.{next(iter(wrong))}"


def test_difference_names_every_line_once():
    lines = difference("one\ntwo\nthree", "one\n2\nthree\nfour")
    assert [(line.kind, line.before, line.after, line.text) for line in lines] == [
        ("same", 1, 1, "one"),
        ("removed", 2, None, "two"),
        ("added", None, 2, "2"),
        ("same", 3, 3, "three"),
        ("added", None, 4, "four"),
    ]


@given(st.text(alphabet="ab\n", max_size=40), st.text(alphabet="ab\n", max_size=40))
def test_difference_gives_both_texts_back(before, after):
    lines = difference(before, after)
    assert "\n".join(line.text for line in lines if line.before) == before
    assert "\n".join(line.text for line in lines if line.after) == after
