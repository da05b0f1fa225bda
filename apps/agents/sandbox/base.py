"""What running somebody's code means, whichever tier does it. No framework."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MOST_CODE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """What one program may take: seconds of its own work (waiting for calls does not count), bytes of memory and of output, calls."""

    seconds: float = 5.0
    memory: int = 64 * 1024 * 1024
    output: int = 16 * 1024
    calls: int = 50
    depth: int = 200


@dataclass(frozen=True)
class Program:
    """Code with what it is given. `functions` are the names that it may call besides its own.

    The same program sees the same clock (`now`) and the same chance (`seed`), so that it can be run again up to where it was.
    """

    code: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
    now: datetime | None = None
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a program came to: the value of its last expression, as JSON knows it, and what it printed."""

    value: Any
    printed: str


class ProgramFailed(Exception):
    """The program raised, did not parse, or went over a limit; the sentence is for whoever wrote it."""


Call = Callable[[str, tuple[Any, ...], dict[str, Any]], Any]
"""Called with the name of a function, its positional and its named arguments; what it returns goes back into the program."""
