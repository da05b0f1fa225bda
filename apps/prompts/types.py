"""Shapes of prompts: a variable, who uses a prompt, what came of trying one. No framework."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

VariableKind = Literal["text", "long_text", "number", "choice", "switch", "date", "file", "files"]
"""What a variable takes. A file is the key of one that was uploaded, files are several with commas between them; blueprints alone ask for those."""
KINDS: tuple[VariableKind, ...] = ("text", "long_text", "number", "choice", "switch", "date")
FILED = ("file", "files")
"""Kinds that take uploads."""
MOST_FILES = 100
GIVEN = ("organisation", "person", "language", "today")
"""Names that every run fills in by itself."""


@dataclass(frozen=True)
class Variable:
    """A place in a prompt's text that is filled in; `default` is as people write it, "" for none; `label` is for people, "" for its name."""

    name: str
    kind: VariableKind = "text"
    help: Any = ""
    default: str = ""
    is_required: bool = True
    choices: tuple[str, ...] = ()
    label: Any = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return asdict(self) | {"choices": list(self.choices)}

    @property
    def takes_files(self) -> bool:
        return self.kind in FILED

    @property
    def title(self) -> str:
        """What people call it."""
        words = str(self.label) or self.name.replace("_", " ")
        return words[:1].upper() + words[1:]

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Variable":
        """Read what as_json() wrote."""
        return cls(**{**raw, "choices": tuple(raw.get("choices", ()))})


@dataclass(frozen=True)
class Use:
    """Something that uses a prompt: by a label, or (with "") by one version.

    `values` are what it fills in; None: people fill it in each time.
    """

    name: str
    url: str
    label: str
    version_id: UUID | None
    values: dict[str, Any] | None


@dataclass(frozen=True)
class DiffLine:
    """A line of the difference between two versions: what it is, and its text with what changed inside it."""

    kind: Literal["same", "added", "removed"]
    before: int | None
    after: int | None
    text: str


@dataclass(frozen=True)
class Trial:
    """What came of trying one version: `problem` is empty when the model answered. Cost in US dollars."""

    number: int
    text: str
    answer: str = ""
    problem: str = ""
    took_s: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)
