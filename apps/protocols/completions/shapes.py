"""What OpenAI's chat completions API takes and gives (https://platform.openai.com/docs/api-reference/chat), as far as agents can answer it.

What is not here is left aside: an agent decides itself by which model, how long and how freely it answers.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from apps.core.markdown import CITED
from apps.providers.types import ToolCall

MOST_MESSAGES, MOST_TOOLS, MOST_CHARS = 500, 64, 400_000
Name = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Function(_Shape):
    name: str = Name
    arguments: str = "{}"


class Call(_Shape):
    id: str = Field(max_length=100)
    type: Literal["function"] = "function"
    function: Function


class Said(_Shape):
    """One message. `content` is text, or parts of the kind "text"."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | None = None
    tool_calls: list[Call] = Field(default_factory=list, max_length=MOST_TOOLS)
    tool_call_id: str = Field(default="", max_length=100)

    @field_validator("content", mode="before")
    @classmethod
    def _joined(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        kinds = {part.get("type") for part in value if isinstance(part, dict)}
        if not kinds <= {"text"}:
            raise ValueError("Agents take text alone; upload files with POST /api/v1/files or to a collection.")
        return "\n".join(str(part.get("text", "")) for part in value if isinstance(part, dict))

    @field_validator("tool_calls", mode="before")
    @classmethod
    def _calls(cls, value: Any) -> Any:
        return value or []


class OfferedFunction(_Shape):
    name: str = Name
    description: str = Field(default="", max_length=4_000)
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})


class OfferedTool(_Shape):
    type: Literal["function"]
    function: OfferedFunction


class StreamOptions(_Shape):
    include_usage: bool = False


class ChatAsked(_Shape):
    """A request. `tools` are what the program that asks can do itself; they are handed back to it as calls."""

    model: str = Field(max_length=100)
    messages: list[Said] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool = False
    stream_options: StreamOptions | None = None
    tools: list[OfferedTool] = Field(default_factory=list, max_length=MOST_TOOLS)
    tool_choice: Literal["auto", "none"] | None = None
    n: Literal[1] | None = None
    response_format: dict[Literal["type"], Literal["text"]] | None = None

    @field_validator("tools", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return value or []


class EmbeddingsAsked(_Shape):
    """A request for vectors of texts."""

    model: str = Field(max_length=100)
    input: str | list[str]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None


def as_calls(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return calls that were handed back, as a message holds them."""
    return [
        {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in calls
    ]


def tool_calls(said: Said) -> tuple[ToolCall, ...]:
    """Return the calls of an assistant's message."""
    return tuple(ToolCall(call.id, call.function.name, call.function.arguments) for call in said.tool_calls)


def annotations(text: str, citations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return where a text cites what, as OpenAI tells citations: character positions, title and address."""
    known = {citation["number"]: citation for citation in citations}
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": mark.start(),
                "end_index": mark.end(),
                "title": known[int(mark[1])]["document"],
                "url": known[int(mark[1])]["url"],
            },
        }
        for mark in CITED.finditer(text)
        if int(mark[1]) in known
    ]
