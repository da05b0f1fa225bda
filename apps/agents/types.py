"""Facts of a run and the steps that may follow them. No framework."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from apps.prompts.types import DiffLine, Variable
from apps.providers.types import ChatMessage, ToolCall

RUN = "run"
"""The kind of job that works on a run."""
LEAST_STEPS, MOST_STEPS = 2, 50
"""Between which an agent's limit of steps lies."""


@dataclass(frozen=True)
class ModelAnswered:
    """A finished model call: what it wrote and which tools it wants; `opaque` is the adapter's own (see the port's Finished)."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    opaque: dict[str, Any] | None = None


@dataclass(frozen=True)
class ToolReturned:
    """A finished tool call; `result` is JSON text for the model."""

    call_id: str
    result: str


Fact = ModelAnswered | ToolReturned


@dataclass(frozen=True)
class Brief:
    """What a run starts from; `additions` are what business rules have the model told as well.

    `handed` are the names of tools that the program which asks does itself, `after` what came after the question of those it did.
    """

    instructions: str
    history: tuple[ChatMessage, ...]
    question: str
    max_steps: int
    additions: tuple[str, ...] = ()
    after: tuple[ChatMessage, ...] = ()
    handed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CallModel:
    """Ask the model with these messages; `may_use_tools` is False when the step budget asks for an end."""

    messages: tuple[ChatMessage, ...]
    may_use_tools: bool = True


@dataclass(frozen=True)
class CallTool:
    call: ToolCall


@dataclass(frozen=True)
class Finish:
    """The answer stands."""

    text: str


@dataclass(frozen=True)
class GiveUp:
    """The steps are used up, and the model still wants tools instead of answering."""


@dataclass(frozen=True)
class HandBack:
    """The program that asked is to do these calls, and to ask again with what they came to."""

    text: str
    calls: tuple[ToolCall, ...]


Step = CallModel | CallTool | Finish | HandBack | GiveUp


@dataclass(frozen=True)
class Source:
    """A passage that the run has seen, by the number under which the answer may cite it."""

    number: int
    chunk_id: str
    document_id: str
    document: str
    text: str
    heading: str = ""
    page: int | None = None
    score: float = 0.0


@dataclass
class StreamEvent:
    """One entry of a run's live stream: `kind` and its data; `id` is the resume token."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True)
class RuleSpec:
    """A business rule: at which stage it looks, when it fires, what it then does, and with which text."""

    name: str
    rule_set: str
    stage: Literal["input", "output"]
    action: Literal["block", "instruct", "add", "replace", "number"]
    mentions: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Finding:
    """What came of one rule: `words` are what it said, added or put instead."""

    rule: str
    rule_set: str
    outcome: Literal["passed", "fixed", "blocked"]
    words: str = ""


@dataclass(frozen=True)
class Verdict:
    """What rules made of a text, and what they add to the instructions of the run."""

    text: str
    findings: tuple[Finding, ...] = ()
    additions: tuple[str, ...] = ()
    is_blocked: bool = False


@dataclass(frozen=True)
class AskedForm:
    """What people fill in for an agent: the version of a prompt (a row), or what a blueprint (its key) asks for.

    `text` is what it comes to, with a place for each variable.
    """

    name: str
    description: str
    variables: Sequence[Variable]
    text: str
    version: Any = None
    blueprint: str = ""

    @property
    def number(self) -> int | None:
        """The number of the prompt's version; None for a blueprint, which has no versions."""
        return self.version.number if self.version else None


@dataclass(frozen=True)
class FilledForm:
    """A form that was filled in: the text for each of its variables, what that comes to, and the files (rows) among it."""

    form: AskedForm
    values: dict[str, str]
    question: str
    files: Sequence[Any] = ()


@dataclass(frozen=True)
class Forecast:
    """What a run is expected to come to before it starts; `cost` in US dollars.

    `runs` former ones are what it rests on; 0: it is reckoned from sizes. `origin` says whose price it is, `short_of` names the
    budget that has no room for so much.
    """

    model: str
    input_tokens: int
    output_tokens: int
    cost: Decimal
    origin: Literal["own", "listed", "none"]
    runs: int
    short_of: str


@dataclass(frozen=True)
class Change:
    """In what two versions of an agent differ at one place; `lines` are there for texts of several lines."""

    label: str
    before: str
    after: str
    lines: Sequence[DiffLine]


@dataclass(frozen=True)
class Section:
    """A part of what the model is told: `origin` says where it comes from, `title` names it there."""

    origin: Literal["prompt", "instructions", "personality", "rules", "memory", "citing"]
    title: str
    text: str
