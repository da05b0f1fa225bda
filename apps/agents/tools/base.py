"""What a tool is. No framework."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from apps.agents.types import Source
from apps.providers.types import ToolSpec


@dataclass(frozen=True)
class ToolContext:
    """Whose rights a tool runs with, and what the run has seen."""

    user: Any
    agent: Any
    known_sources: tuple[Source, ...]
    idempotency_key: str
    project: Any = None


@dataclass(frozen=True)
class ToolResult:
    """What goes back to the model (JSON-serialisable), and the passages that may now be cited."""

    content: dict[str, Any]
    sources: tuple[Source, ...] = ()


class ToolFailed(Exception):
    """The tool could not do it; the sentence goes to the model, not to the page."""


@dataclass(frozen=True)
class Tool:
    """A tool with its schema and its nature. `is_repeatable`: calling twice with one key has one effect."""

    spec: ToolSpec
    call: Callable[[ToolContext, dict[str, Any]], ToolResult]
    risk: Literal["read", "write", "send", "code"] = "read"
    is_repeatable: bool = True
    timeout_s: float = 30.0
