"""Diagrams: written as Mermaid, read again only as we write them, laid in layers, drawn without anything that somebody put in."""

import random
import re

import pytest
from lxml import etree

from apps.core import diagrams
from apps.core.diagrams import Diagram, diagram_of, fenced, svg, without_implied
from apps.core.markdown import render
from apps.core.reports import Report


def inside(text):
    return text.removeprefix("```mermaid\n").removesuffix("\n```")


CHAIN = Diagram("Layers", ("web", "shop", "core"), ((0, 1), (1, 2)))


@pytest.mark.parametrize("words", ["plain", 'a "quoted" <b>&#35;</b>', "#1; n0[x]", "ü → 漢字", "x" * 60])
def test_what_is_written_is_read_again(words):
    diagram = Diagram("Title: of it", (words, "other"), ((1, 0),))
    assert diagram_of(inside(fenced(diagram))) == diagram


@pytest.mark.parametrize(
    "text",
    [
        "flowchart TD\n a --> b",
        "---\ntitle: x\n---\nsequenceDiagram\n    n0 --> n1",
        '---\ntitle: x\n---\nflowchart TD\n    n0["a"]\n    click n0 "javascript:alert(1)"',
        '---\ntitle: x\n---\nflowchart TD\n    n0["a"]\n    n0 --> n9',
        "---\ntitle: x\n---\nflowchart TD\n" + "\n".join(f'    n{n}["b"]' for n in range(41)),
        "",
    ],
)
def test_anything_else_stays_code(text):
    assert diagram_of(text) is None
    assert "<svg" not in render(f"```mermaid\n{text}\n```").replace('<svg class="ico"', "")


def test_nothing_that_is_written_becomes_markup():
    diagram = Diagram('<script>x</script>" onload="y', ("<img src=x onerror=alert(1)>", "b"), ((0, 1),))
    shown = render(fenced(diagram))
    assert "<script" not in shown and "<img" not in shown and 'onload="' not in shown
    assert "style=" not in shown and "<style" not in shown
    etree.fromstring(svg(diagram, style=diagrams.STYLE).encode())


def places(drawing):
    return [(int(x), int(y)) for x, y in re.findall(r'<rect class="box" x="(\d+)" y="(\d+)"', drawing)]


def test_arrows_point_down_and_boxes_do_not_lie_on_each_other():
    dice = random.Random(5)
    for _ in range(50):
        count = dice.randint(2, 30)
        arrows = [(a, b) for a in range(count) for b in range(a + 1, count) if dice.random() < 0.15]
        at = places(svg(Diagram("x", tuple(map(str, range(count))), tuple(arrows))))
        assert len(set(at)) == count
        assert all(at[start][1] < at[end][1] for start, end in arrows)


def reached(arrows, start):
    found, left = set(), [start]
    while left:
        here = left.pop()
        fresh = {end for begin, end in arrows if begin == here} - found
        found |= fresh
        left += fresh
    return found


def test_leaving_out_what_is_implied_keeps_what_is_reached():
    dice = random.Random(3)
    for _ in range(100):
        count = dice.randint(2, 12)
        arrows = [(a, b) for a in range(count) for b in range(count) if a != b and dice.random() < 0.25]
        kept = without_implied(count, arrows)
        assert set(kept) <= set(arrows)
        assert all(reached(kept, n) == reached(arrows, n) for n in range(count))
    assert without_implied(3, [(0, 1), (1, 2), (0, 2)]) == [(0, 1), (1, 2)]
    assert set(without_implied(2, [(0, 1), (1, 0), (0, 0)])) == {(0, 1), (1, 0)}


def test_page_shows_it_with_words_for_those_who_do_not_see():
    shown = render(Report((CHAIN,)).as_markdown())
    assert 'role="img" aria-label="Layers"' in shown and "web → shop; shop → core" in shown
