"""Facts of a run and the steps that may follow them. No framework."""

from dataclasses import dataclass, field
from typing import Any

from apps.providers.types import ChatMessage, ToolCall


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
    """What a run starts from."""

    instructions: str
    history: tuple[ChatMessage, ...]
    question: str
    max_steps: int


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


Step = CallModel | CallTool | Finish | GiveUp


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
