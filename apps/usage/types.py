"""Shapes of a metered call and of what is reported. Money is in US dollars, as vendors bill."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.providers.types import Usage


@dataclass(frozen=True)
class Call:
    """A call about to be made. `place` names the step that it is for, `key` this very attempt at it."""

    key: str
    place: str
    model: Any
    user: Any
    agent_id: UUID | None = None
    agent_name: str = ""
    run_id: UUID | None = None
    project: Any = None


@dataclass(frozen=True)
class Outcome:
    """How a call went; `is_estimated`: the provider did not say the tokens, so they are our estimate; `is_kept`: nobody was called,
    the answer was known."""

    usage: Usage
    is_answered: bool
    is_estimated: bool = False
    took_s: float = 0.0
    first_token_s: float | None = None
    is_kept: bool = False


@dataclass(frozen=True)
class Sums:
    """What a period, or a part of it, came to."""

    calls: int = 0
    failures: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost: Decimal = Decimal(0)


@dataclass(frozen=True)
class Line:
    """The sums of one agent, model, person, project or day."""

    key: str
    label: str
    sums: Sums
    day: date | None = None
