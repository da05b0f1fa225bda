"""A report: what somebody reads of a typed result, as parts that any rendering can draw. No framework."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.core import charts, diagrams
from apps.core.anchors import anchor_of
from apps.core.charts import Chart
from apps.core.diagrams import Diagram

_SIGNS = re.compile(r"[\\`*\[<|~]|(?<![^\W_])_|_(?![^\W_])")

_BEGINS = re.compile(r"^(\d{0,9})([#>+=.)-])")


@dataclass(frozen=True)
class Heading:
    """The title of what follows; `level` is 2 or 3."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Prose:
    """Paragraphs, as Markdown."""

    text: str


@dataclass(frozen=True)
class Led:
    """A text that leads to the heading with a title."""

    text: str
    title: str


@dataclass(frozen=True)
class Facts:
    """Names with their values."""

    pairs: Sequence[tuple[str, str | Led]]


@dataclass(frozen=True)
class Table:
    """Rows of cells of text under named columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Code:
    """Text that is shown as it is written, in a language that is highlighted."""

    text: str
    language: str = ""


Part = Heading | Prose | Facts | Table | Chart | Diagram | Code


@dataclass(frozen=True)
class Report:
    """The parts, in the order in which they are read."""

    parts: Sequence[Part] = field(default_factory=tuple)

    def as_markdown(self) -> str:
        """Return it as Markdown with tables."""
        return "\n\n".join(filter(None, map(_markdown, self.parts)))


def _markdown(part: Part) -> str:
    if isinstance(part, Heading):
        return f"{'#' * part.level} {line_of(part.text)}"
    if isinstance(part, Facts):
        return "\n".join(
            f"- **{line_of(name)}**: {line_of(value) if isinstance(value, str) else led(value)}"
            for name, value in part.pairs
        )
    if isinstance(part, Table):
        rule = "|".join(" --- " for _column in part.columns)
        rows = ["| " + " | ".join(line_of(cell) for cell in row) + " |" for row in (part.columns, *part.rows)]
        return "\n".join([rows[0], f"|{rule}|", *rows[1:]])
    if isinstance(part, Chart | Diagram):
        return charts.fenced(part) if isinstance(part, Chart) else diagrams.fenced(part)
    if isinstance(part, Code):
        return fence(part.text, part.language)
    return part.text.strip()


def fence(text: str, language: str = "") -> str:
    """Return a text as a block of code in Markdown, whatever stands in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


def led(text: Led) -> str:
    """Return a text as a link in Markdown."""
    return f"[{line_of(text.text)}](#{anchor_of(text.title)})"


def line_of(text: str) -> str:
    """Return a text as one line in which nothing is taken for Markdown."""
    return escaped(" ".join(text.split()))


def quoted(text: str) -> str:
    """Return a text as a quotation in Markdown, of one line in which nothing is taken for it."""
    return "> " + _BEGINS.sub(r"\1\\\2", line_of(text))


def escaped(text: str) -> str:
    """Return a text of which nothing is taken for Markdown within a line."""
    return _SIGNS.sub(r"\\\g<0>", text)
