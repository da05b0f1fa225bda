"""Business rules over texts: when they fire, what they change, what blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.rules import check, fires, may_block, numbered
from apps.agents.types import RuleSpec


def rule(action, text="", *, mentions=(), unless=(), stage="output", name="R"):
    return RuleSpec(name, "Set", stage, action, tuple(mentions), tuple(unless), text)


@pytest.mark.parametrize(
    ("mentions", "unless", "text", "expected"),
    [
        ((), (), "anything", True),
        (("fund",), (), "A FUND, please", True),
        (("fund",), (), "fundamental", False),
        (("invest*",), (), "investing", True),
        (("invest*",), (), "reinvesting", False),
        (("share price",), (), "the share\n  price", True),
        (("größe",), (), "Die GRÖSSE? Die Größe!", True),
        (("a.c",), (), "abc", False),
        (("a.c",), (), "an a.c here", True),
        ((), ("seen",), "was seen", False),
        (("x",), ("y",), "x and y", False),
        (("x",), ("y",), "x and z", True),
    ],
)
def test_when_a_rule_fires(mentions, unless, text, expected):
    assert fires(rule("add", mentions=mentions, unless=unless), text) is expected


def test_what_was_said_before_makes_a_rule_unnecessary():
    asks = rule("instruct", "Ask for the risk.", mentions=["fund"], unless=["low risk"], stage="input")
    assert check("Which fund?", [asks]).additions == ("Ask for the risk.",)
    verdict = check("Which fund?", [asks], beside="I want low risk.")
    assert verdict.additions == () and verdict.findings[0].outcome == "passed"


def test_each_rule_sees_what_those_before_it_made():
    verdict = check(
        "Our cheap offer.",
        [
            rule("replace", "fair", mentions=["cheap"], name="Words"),
            rule("add", "Ends on Friday.", mentions=["fair"], name="End"),
            rule("add", "Never.", mentions=["cheap"], name="Gone"),
        ],
    )
    assert verdict.text == "Our fair offer.\n\nEnds on Friday."
    assert [(f.rule, f.outcome) for f in verdict.findings] == [("Words", "fixed"), ("End", "fixed"), ("Gone", "passed")]


def test_the_first_that_blocks_ends_it():
    rules = [rule("block", "Not so.", mentions=["promise"], name="No"), rule("add", "More.")]
    verdict = check("I promise.", rules)
    assert verdict.is_blocked and verdict.text == "I promise."
    assert [(f.rule, f.outcome, f.words) for f in verdict.findings] == [("No", "blocked", "Not so.")]
    assert may_block(rules) and not may_block(rules[1:])


def test_replacement_is_taken_literally():
    assert check("a cheap b", [rule("replace", r"\1\g<0>", mentions=["cheap"])]).text == r"a \1\g<0> b"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Do:\n- one\n- two\n", "Do:\n1. one\n2. two\n"),
        ("* one\n\n* two\n* three", "1. one\n\n2. two\n3. three"),
        ("- only one", "- only one"),
        ("1. one\n- two\n- three", "1. one\n- two\n- three"),
        ("```\n- a\n- b\n```", "```\n- a\n- b\n```"),
        ("```\n- a\n- b", "```\n- a\n- b"),
        ("- a\n```\n- x\n```\n- b", "1. a\n```\n- x\n```\n2. b"),
        ("no list", "no list"),
    ],
)
def test_steps_are_numbered(before, after):
    assert numbered(before) == after


@given(st.text(alphabet="-*1. \n`ab", max_size=80))
def test_numbering_twice_changes_nothing_more(text):
    once = numbered(text)
    assert numbered(once) == once or "`" in text


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=10).filter(str.strip), max_size=5))
def test_any_phrases_over_any_text(text, phrases):
    check(text, [rule("replace", "x", mentions=phrases), rule("block", "no", mentions=phrases)])
