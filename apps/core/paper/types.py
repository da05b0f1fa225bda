"""What is put on paper, and what it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypedDict


class TooLong(Exception):
    """There is more than what is put on paper, in characters."""


@dataclass(frozen=True)
class Source:
    """A passage that the text cites by `[number]`."""

    number: int
    document: str
    place: str
    quote: str


@dataclass(frozen=True)
class Words:
    """The words around the text, in the reader's language; `page` holds {page} and {pages}."""

    sources: str = "Sources"
    page: str = "Page {page} of {pages}"


@dataclass(frozen=True)
class Paper:
    """A text in Markdown with its title, whose it is, facts about it (name, value) and its sources; `language` as in BCP 47,
    `accent` as #0b6377, `logo` as PNG."""

    title: str
    organisation: str
    text: str
    facts: Sequence[tuple[str, str]] = ()
    sources: Sequence[Source] = ()
    language: str = "en"
    accent: str = "#0b6377"
    logo: bytes = b""
    words: Words = field(default_factory=Words)


class Run(TypedDict):
    """Letters of one look; `href` is the address they lead to, #name for a heading's, or empty."""

    text: str
    bold: bool
    italic: bool
    code: bool
    struck: bool
    href: str


class Values(TypedDict):
    """A series of a chart: its values as they are read, and how long each is, -1 to 1 of the longest."""

    name: str
    texts: list[str]
    shares: list[float]


class Block(TypedDict, total=False):
    """A heading (`anchor`, the name by which links lead to it), paragraph, code, rule, chart, diagram (drawn as SVG, `text` in words), or what holds others: quote, list (an item is a list of blocks), table (a cell is a list of runs). `is_rtl`: its first
    letter that has a direction is written from the right.
    """

    kind: Literal["heading", "paragraph", "code", "rule", "quote", "list", "table", "chart", "diagram"]
    is_rtl: bool
    level: int
    anchor: str
    runs: list[Run]
    text: str
    is_ordered: bool
    start: int
    items: list[list["Block"]]
    blocks: list["Block"]
    head: list[list[Run]]
    rows: list[list[list[Run]]]
    language: str
    title: str
    svg: str
    labels: list[str]
    series: list["Values"]
