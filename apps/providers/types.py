"""The port: what the agent loop, our rows and our pages know of any model. No framework, no vendor."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model wants called; `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class ChatMessage:
    """One entry of the history. A tool's result names its call; an assistant's entry may hold calls."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class ChatRequest:
    model: str
    messages: tuple[ChatMessage, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int | None = None
    temperature: float | None = None


@dataclass(frozen=True)
class TextDelta:
    """More text of the answer."""

    text: str


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider counted them; zeros when it did not say."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True)
class Finished:
    """The last event of every stream that did not fail."""

    reason: Literal["stop", "tool_calls", "length", "refused"]
    usage: Usage = field(default_factory=Usage)


Event = TextDelta | ToolCall | Finished


class ChatPort(Protocol):
    """A chat model. `stream` yields deltas and calls, then one Finished; it raises ProviderError."""

    def stream(self, request: ChatRequest) -> AsyncIterator[Event]: ...


class EmbeddingPort(Protocol):
    """A sentence-embedding model."""

    dimensions: int

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n, dimensions) float32, each row L2-normalised."""
        ...


@dataclass(frozen=True)
class Passage:
    """A numbered piece of a document as a tool result shows it to a model. `score` is the search's, 0 to 1."""

    number: int
    document: str
    text: str
    heading: str = ""
    page: int | None = None
    score: float = 0.0


@dataclass(frozen=True)
class Quote:
    """A sentence taken word for word from passage `number`; `confidence` is 0 to 1."""

    number: int
    text: str
    confidence: float
