"""The port: what the agent loop, our rows and our pages know of any model. No framework, no vendor."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
EMBEDDING_SIZES = (384, 512, 768, 1024, 1536, 3072)
"""Dimensions of vectors that can be stored: one table and index for each."""


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model wants called; `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Image:
    """A picture that a person sent along: PNG, JPEG, WebP or GIF."""

    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class ChatMessage:
    """One entry of the history. A tool's result names its call; an assistant's entry may hold calls.

    `opaque` is what an adapter gave with its own answer (see Finished) and wants back to go on from it.
    """

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    images: tuple[Image, ...] = ()
    opaque: dict[str, Any] | None = None


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class ChatRequest:
    """What a model is asked. `answer_schema` is the JSON schema that the answer must follow, as JSON text."""

    model: str
    messages: tuple[ChatMessage, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int | None = None
    temperature: float | None = None
    answer_schema: dict[str, Any] | None = None


@dataclass(frozen=True)
class TextDelta:
    """More text of the answer."""

    text: str


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider counted them; zeros when it did not say.

    `cached_tokens` are those of the input that it read from its cache, `reasoning_tokens` those of the output that nobody sees.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True)
class Finished:
    """The last event of every stream that did not fail.

    `opaque` is JSON that the same adapter needs to go on from this answer (signatures, reasoning items); None for most.
    """

    reason: Literal["stop", "tool_calls", "length", "refused"]
    usage: Usage = field(default_factory=Usage)
    opaque: dict[str, Any] | None = None


Event = TextDelta | ToolCall | Finished


@dataclass(frozen=True)
class ModelInfo:
    """A model as its provider lists it; what the provider does not say is None."""

    name: str
    context_tokens: int | None = None
    takes_tools: bool | None = None
    takes_images: bool | None = None
    takes_schema: bool | None = None
    is_embedding: bool = False


class ChatPort(Protocol):
    """A chat model. `stream` yields deltas and calls, then one Finished; `models` lists what can be asked. Both raise ProviderError."""

    def stream(self, request: ChatRequest) -> AsyncIterator[Event]: ...

    async def models(self) -> list[ModelInfo]: ...


@dataclass(frozen=True)
class Connection:
    """How a provider is reached. `api_version` is for those that want one; the hosts may be private ones that the operator allows."""

    address: str
    api_key: str = field(repr=False)
    api_version: str = ""
    timeout_s: float = 60.0
    allowed_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Embedded:
    """Vectors as a provider gave them: (n, dimensions) float32, each row L2-normalised. `tokens` is 0 when it did not say."""

    vectors: Vectors
    tokens: int = 0


class EmbeddingClient(Protocol):
    """The embeddings of a provider."""

    async def embed(self, model: str, texts: Sequence[str]) -> Embedded:
        """Return a vector for each text. Raises ProviderError."""
        ...


@dataclass(frozen=True)
class Kind:
    """A kind of provider: one folder of adapters declares one.

    `address` is where its models are unless told otherwise, "" when it must be given; `price_list` is its name in
    genai-prices, "" for models that cost nothing a token. `connect_embeddings` is None for those that have none.
    """

    key: str
    words: str
    connect: Callable[[Connection], ChatPort]
    address: str = ""
    example: str = ""
    needs_key: bool = True
    connect_embeddings: Callable[[Connection], EmbeddingClient] | None = None
    takes_api_version: bool = False
    is_built_in: bool = False
    price_list: str = ""


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
