"""What a tool is: it has a result, or wants another agent asked, a program run or a plan followed, which is done for it. No framework."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.agents.sandbox.base import Program
from apps.agents.types import Source
from apps.providers.types import ToolSpec

Risk = Literal["read", "write", "send", "code"]
Holding = Literal["untrusted", "private"]
"""What a run holds once it has read something: text of others, who may mean ill, and text that is not for others."""
MIXED: frozenset[Holding] = frozenset({"untrusted", "private"})


@dataclass(frozen=True)
class ToolContext:
    """Whose rights a tool runs with, what the run has seen, and how far the agent's grant reaches."""

    user: Any
    agent: Any
    known_sources: tuple[Source, ...]
    idempotency_key: str
    project: Any = None
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class ToolResult:
    """What goes back to the model (JSON-serialisable), the passages that may now be cited, and what this one result brings besides."""

    content: Mapping[str, Any]
    sources: tuple[Source, ...] = ()
    brings: frozenset[Holding] = frozenset()


class ToolFailed(Exception):
    """The tool could not do it; the sentence goes to the model, not to the page."""


@dataclass(frozen=True)
class Delegation:
    """A tool's wish that another agent (its key) be asked; what comes of it is the tool's result."""

    agent: str
    question: str


@dataclass(frozen=True)
class Panel:
    """A tool's wish that several agents be asked at once; what comes of each is the tool's result."""

    asked: tuple[Delegation, ...]


@dataclass(frozen=True)
class Plan:
    """A tool's wish that these tasks be done, one after the other; what comes of them is the tool's result."""

    tasks: tuple[str, ...]


Wish = Delegation | Panel | Program | Plan


def stays_inside(arguments: Mapping[str, Any], hosts: tuple[str, ...]) -> bool:
    """Say that a tool's arguments leave for nowhere."""
    return True


def everybody(user: Any) -> bool:
    """Say that a tool is for anyone who may ask its agent."""
    return True


@dataclass(frozen=True)
class Tool:
    """A tool with its schema and its nature.

    `title` and `summary` are for people. `permission` is a right that the person must have too, `is_for` whether it works for
    them at all. `is_repeatable`: calling twice
    with one key has one effect. `timeout_s` is kept by the tool, on the wire or in the sandbox. `brings` is what a run holds after
    it. `is_trusted_with` says, by arguments and the grant's hosts, whether a call that reads may be made unseen in a run that
    holds both.
    `takes` names the part of a grant that it is set up with. `spec_for` describes it with the agents
    that it may ask. `is_asked_first`: people see each call before it is done. `wants_scripts`: it works only where this instance
    has a place for scripts.
    """

    spec: ToolSpec
    call: Callable[[ToolContext, dict[str, Any]], ToolResult | Wish]
    title: Any = ""
    summary: Any = ""
    icon: str = "wrench"
    risk: Risk = "read"
    permission: str = ""
    is_for: Callable[[Any], bool] = field(default=everybody)
    is_repeatable: bool = True
    timeout_s: float = 30.0
    calls_a_minute: int = 60
    calls_a_run: int | None = None
    is_asked_first: bool = False
    wants_scripts: bool = False
    brings: frozenset[Holding] = frozenset()
    is_trusted_with: Callable[[Mapping[str, Any], tuple[str, ...]], bool] = field(default=stays_inside)
    takes: Literal["", "hosts", "colleagues"] = ""
    spec_for: Callable[[list[Any]], ToolSpec] | None = None
