"""Tables as people's programs write them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInput
from apps.core.spreadsheets import read_table, written

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@pytest.mark.parametrize(
    "data",
    [
        b"name,age\nAnn,3\n\n,,\nBo,4\n",
        "\ufeffname;age\r\nAnn;3\r\nBo;4".encode(),
        b'"name"\t"age"\nAnn\t3\nBo\t4',
        b"name|age\nAnn|3\nBo|4|extra",
    ],
)
def test_whatever_stands_between_the_cells(data):
    assert read_table(data, most_rows=10) == (
        ["name", "age"],
        [{"name": "Ann", "age": "3"}, {"name": "Bo", "age": "4"}],
    )


def test_other_letters_and_cells_of_several_lines():
    assert read_table("city\nKöln".encode("cp1252"), most_rows=10)[1] == [{"city": "Köln"}]
    assert read_table('a,b\n"one\ntwo",x'.encode(), most_rows=10)[1] == [{"a": "one\ntwo", "b": "x"}]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "first line"),
        (b"a,b\n", "no rows"),
        (b"a,a\n1,2", "Two columns"),
        (b",\n1,2", "first line"),
        (b"\x81\x8d\x8f", "no text"),
        (b"a\n" + b"1\n" * 11, "At most 10 rows"),
        (b'a\n"' + b"x" * 200_000, "line"),
        (",".join(f"c{n}" for n in range(101)).encode() + b"\n1", "At most 100 columns"),
    ],
)
def test_what_is_no_table_is_told(data, words):
    with pytest.raises(InvalidInput) as caught:
        read_table(data, most_rows=10)
    assert words in str(caught.value.message) and caught.value.field == "file"


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=5))
def test_nothing_written_is_a_formula_and_all_of_it_is_read_again(rows):
    text = "".join(written([["one", "two"], *rows]))
    found = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1:]
    for row, cells in zip(rows, found, strict=True):
        for value, cell in zip(row, cells, strict=True):
            assert cell in (value, f"'{value}") and cell[:1] not in tuple("=+-@\t\r")
