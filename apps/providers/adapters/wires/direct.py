"""OpenAI Responses, Anthropic and Gemini through pydantic-ai's model classes, by its direct request API.

Only its classes for models are used, never its agents: the steps of a run are ours to store. Their quirks (thought
signatures, reasoning items, content blocks) travel as `opaque` JSON beside our own rows, with the library's version.
"""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import httpx2
import pydantic_ai
from pydantic import ValidationError
from pydantic_ai import direct, exceptions, messages
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from apps.providers.adapters.wires.transport import is_too_large
from apps.providers.errors import (
    AuthError,
    BrokenOff,
    EmptyAnswer,
    Garbled,
    InvalidRequest,
    ProviderError,
    QuotaSpent,
    RateLimited,
    RefusedError,
    TimedOut,
    TooLargeForUs,
    TooLongForModel,
    TransientError,
    UnknownModel,
    Unreachable,
)
from apps.providers.types import (
    ChatMessage,
    ChatRequest,
    Event,
    Finished,
    ModelInfo,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)

WRITTEN_BY = f"pydantic-ai {pydantic_ai.__version__}"
_REASONS = {"stop": "stop", "tool_call": "tool_calls", "length": "length", "content_filter": "refused"}


class Direct:
    """A provider whose models pydantic-ai speaks to; `build` makes its object for a model's name, `list_models` asks for the list."""

    def __init__(self, build: Callable[[str], Model], list_models: Callable[[], Awaitable[list[ModelInfo]]]) -> None:
        self._build = build
        self._list_models = list_models
        self._models: dict[str, Model] = {}

    async def stream(self, request: ChatRequest) -> AsyncIterator[Event]:
        """Yield the answer's events. Raises ProviderError; a stream that ends early is a TransientError."""
        model = self._models.setdefault(request.model, self._build(request.model))
        opened = direct.model_request_stream(
            model,
            _history(request.messages),
            model_settings=_settings(request),
            model_request_parameters=_parameters(request),
            instrument=False,
        )
        try:
            async with opened as response:
                async for event in response:
                    text = _text_of(event)
                    if text:
                        yield TextDelta(text)
                answer = response.get()
        except (exceptions.AgentRunError, exceptions.UserError, httpx2.HTTPError, ValueError) as error:
            raise translated(error) from error
        for last in _ending(answer):
            yield last

    async def models(self) -> list[ModelInfo]:
        """List what the provider says it has. Raises ProviderError."""
        return await self._list_models()


def warm_up() -> None:
    """Import the classes of models, which load their vendors' packages."""
    for vendor in ("openai", "anthropic", "google"):
        importlib.import_module(f"pydantic_ai.models.{vendor}")


def _text_of(event: Any) -> str:
    if isinstance(event, messages.PartStartEvent) and isinstance(event.part, messages.TextPart):
        return event.part.content
    if isinstance(event, messages.PartDeltaEvent) and isinstance(event.delta, messages.TextPartDelta):
        return event.delta.content_delta
    return ""


def _ending(answer: messages.ModelResponse) -> list[Event]:
    if answer.finish_reason not in _REASONS:
        raise BrokenOff
    if answer.finish_reason == "content_filter":
        raise RefusedError
    calls = [
        ToolCall(part.tool_call_id, part.tool_name, part.args_as_json_str())
        for part in answer.parts
        if isinstance(part, messages.ToolCallPart)
    ]
    if not calls and not answer.text:
        raise EmptyAnswer
    reason = "tool_calls" if calls else _REASONS[answer.finish_reason]
    return [*calls, Finished(reason, _usage(answer), _opaque(answer))]  # type: ignore[arg-type]


def _usage(answer: messages.ModelResponse) -> Usage:
    counted = answer.usage
    return Usage(
        counted.input_tokens, counted.output_tokens, counted.cache_read_tokens, counted.output_reasoning_tokens
    )


# -- what we ask -------------------------------------------------------------------------------------------------


def _settings(request: ChatRequest) -> ModelSettings:
    settings = ModelSettings(max_retries=0)
    if request.max_tokens is not None:
        settings["max_tokens"] = request.max_tokens
    if request.temperature is not None:
        settings["temperature"] = request.temperature
    return settings


def _parameters(request: ChatRequest) -> ModelRequestParameters:
    tools = [_tool(spec) for spec in request.tools]
    if request.answer_schema is None:
        return ModelRequestParameters(function_tools=tools)
    wanted = OutputObjectDefinition(json_schema=request.answer_schema, name="answer", strict=True)
    return ModelRequestParameters(function_tools=tools, output_mode="native", output_object=wanted)


def _tool(spec: ToolSpec) -> ToolDefinition:
    return ToolDefinition(name=spec.name, description=spec.description, parameters_json_schema=spec.parameters)


def _history(entries: Sequence[ChatMessage]) -> list[messages.ModelMessage]:
    """Translate our messages; those between two answers of the model are one request there."""
    history: list[messages.ModelMessage] = []
    names: dict[str, str] = {}
    for entry in entries:
        if entry.role == "assistant":
            names |= {call.id: call.name for call in entry.tool_calls}
            history.append(_answer(entry))
        elif history and isinstance(history[-1], messages.ModelRequest):
            history[-1] = messages.ModelRequest([*history[-1].parts, _part(entry, names)])
        else:
            history.append(messages.ModelRequest([_part(entry, names)]))
    return history


def _part(entry: ChatMessage, names: dict[str, str]) -> Any:
    if entry.role == "system":
        return messages.SystemPromptPart(entry.text)
    if entry.role == "tool":
        return messages.ToolReturnPart(
            tool_name=names.get(entry.tool_call_id, "tool"), content=entry.text, tool_call_id=entry.tool_call_id
        )
    pictures = [messages.BinaryContent(data=image.data, media_type=image.media_type) for image in entry.images]
    return messages.UserPromptPart([entry.text, *pictures] if pictures else entry.text)


def _answer(entry: ChatMessage) -> messages.ModelResponse:
    if entry.opaque and entry.opaque.get("by") == WRITTEN_BY:
        with suppress(ValidationError):
            stored = messages.ModelMessagesTypeAdapter.validate_python([entry.opaque["answer"]])[0]
            if isinstance(stored, messages.ModelResponse):
                return stored
    text = [messages.TextPart(entry.text)] if entry.text else []
    calls = [
        messages.ToolCallPart(tool_name=call.name, args=call.arguments, tool_call_id=call.id)
        for call in entry.tool_calls
    ]
    return messages.ModelResponse([*text, *calls])


def _opaque(answer: messages.ModelResponse) -> dict[str, Any]:
    [dumped] = messages.ModelMessagesTypeAdapter.dump_python([answer], mode="json")
    return {"by": WRITTEN_BY, "answer": dumped}


# -- what goes wrong -----------------------------------------------------------------------------------------------


def translated(error: Exception) -> ProviderError:
    """Return a failure of pydantic-ai or of the connection in the words of the port."""
    if is_too_large(error):
        return TooLargeForUs()
    if isinstance(error, exceptions.ModelRateLimitError) and not isinstance(error, exceptions.ModelQuotaExceededError):
        return RateLimited(retry_after_s=getattr(error, "retry_after", None))
    for theirs, ours in _FAILURES:
        if isinstance(error, theirs):
            return ours()
    if isinstance(error, exceptions.ModelHTTPError) and error.status_code < 500 and error.status_code != 408:
        return InvalidRequest()
    return TransientError()


_FAILURES: list[tuple[Any, Callable[[], ProviderError]]] = [
    (exceptions.ModelQuotaExceededError, QuotaSpent),
    (exceptions.ModelAuthenticationError, AuthError),
    (exceptions.ModelNotFoundError, UnknownModel),
    (exceptions.ModelContextWindowExceededError, TooLongForModel),
    ((exceptions.ModelRequestRejectedError, exceptions.UserError), InvalidRequest),
    ((exceptions.ModelTimeoutError, exceptions.ModelRequestTimeout, httpx2.TimeoutException), TimedOut),
    ((exceptions.ModelConnectionError, httpx2.TransportError), Unreachable),
    (exceptions.ContentFilterError, RefusedError),
    ((exceptions.UnexpectedModelBehavior, ValueError), Garbled),
]
