"""Chunks are whole sentences under one heading of one page, with one sentence of overlap."""

from apps.core.language import token_estimate
from apps.knowledge.splitter import split
from apps.knowledge.types import Block

SENTENCE = "The relay must not be armed again before the earth fault has been located by the crew. "


def test_short_section_is_one_piece():
    pieces = split([Block("One. Two.", ("A",), 1), Block("Three.", ("A",), 1)])
    assert [(p.text, p.headings, p.page) for p in pieces] == [("One. Two. Three.", ("A",), 1)]


def test_headings_and_pages_are_not_crossed():
    pieces = split([Block("One.", ("A",), 1), Block("Two.", ("B",), 1), Block("Three.", ("B",), 2)])
    assert [p.text for p in pieces] == ["One.", "Two.", "Three."]


def test_long_section_overlaps_by_one_sentence():
    text = " ".join(f"Number {n}: {SENTENCE}" for n in range(40))
    pieces = split([Block(text)])
    assert len(pieces) > 3
    assert all(token_estimate(p.text) <= 200 for p in pieces)
    assert all(b.text.split(": ")[0] in a.text for a, b in zip(pieces, pieces[1:]))


def test_table_stays_whole_and_a_long_one_repeats_its_head():
    rows = ["Article | Price"] + [f"Part {n} with a long description | {n}.00" for n in range(200)]
    pieces = split([Block("\n".join(rows), is_table=True)])
    assert len(pieces) > 1
    assert all(p.text.startswith("Article | Price\n") for p in pieces)
    assert sum(p.text.count("Part ") for p in pieces) == 200


def test_text_without_an_end_is_cut_hard():
    assert max(len(p.text) for p in split([Block("x" * 10_000)])) <= 1_600
