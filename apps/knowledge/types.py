"""Values between parsing, splitting and searching. No framework."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

INGEST = "document.ingest"
"""The kind of the jobs that read documents."""


@dataclass(frozen=True)
class Block:
    """A run of text as a parser found it: one paragraph, list or whole table, under its headings, on its page."""

    text: str
    headings: tuple[str, ...] = ()
    page: int | None = None
    is_table: bool = False


@dataclass(frozen=True)
class Element:
    """An element of XML; `text` is what stands directly in it, without spaces at its ends, `line` counts from 1."""

    namespace: str
    name: str
    text: str
    attributes: Mapping[str, str]
    line: int
    children: tuple["Element", ...]

    def all(self, path: str) -> list["Element"]:
        """Return those below it on a path of names, like `Party/Name`."""
        found = [self]
        for name in path.split("/"):
            found = [child for element in found for child in element.children if child.name == name]
        return found

    def first(self, path: str) -> "Element | None":
        """Return the first one below it on a path of names."""
        return next(iter(self.all(path)), None)


@dataclass(frozen=True)
class Sheet:
    """A sheet of a table: rows of text, the first of which names the columns as a rule; its name is empty in CSV files."""

    name: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class SourceFile:
    """A text file of a repository, by its way from the top."""

    path: str
    text: str


@dataclass(frozen=True)
class Import:
    """What a file of code imports: the module as it is written there, and the names taken from it."""

    module: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Definition:
    """A class or function: its name with those around it (by dots), the text of its head, what is written of it, its lines from 1."""

    name: str
    kind: str
    signature: str
    doc: str
    line: int
    end: int
    is_public: bool


@dataclass(frozen=True)
class Outline:
    """What a file of code holds, by its syntax; `has_faults`: not all of it could be read."""

    path: str
    language: str
    doc: str
    lines: int
    has_faults: bool
    imports: tuple[Import, ...]
    definitions: tuple[Definition, ...]


@dataclass(frozen=True)
class Piece:
    """What one chunk will hold."""

    text: str
    headings: tuple[str, ...]
    page: int | None


@dataclass(frozen=True)
class Why:
    """What a score is made of: the shares of words and of meaning, the question's words that stand there in any form, and how near
    the meaning is (cosine, -1 to 1; None: not among the nearest, or not asked); `sentence` is the share of its best sentence, where
    the best ten are ordered by that."""

    words: float
    meaning: float
    terms: tuple[str, ...]
    nearness: float | None
    sentence: float | None = None


@dataclass(frozen=True)
class Hit:
    """A chunk that a search found; `score` is 0 to 1 within the result."""

    chunk_id: UUID
    document_id: UUID
    document: str
    text: str
    heading: str
    page: int | None
    score: float
    why: Why | None = None


@dataclass(frozen=True)
class Filters:
    """Which documents a search looks into: some by key, those with all the tags, in a language, uploaded in a span of days."""

    documents: tuple[UUID, ...] = ()
    tags: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    language: str = ""

    def __bool__(self) -> bool:
        return bool(self.documents or self.tags or self.since or self.until or self.language)


NO_FILTERS = Filters()
