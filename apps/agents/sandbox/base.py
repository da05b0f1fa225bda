"""What running somebody's code means, whichever tier does it. No framework."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

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


@dataclass(frozen=True)
class ScriptLimits:
    """What one script may take, its own processes together: seconds by the clock, bytes of memory, of its folder and of output."""

    seconds: float = 20.0
    memory: int = 768 << 20
    disk: int = 64 << 20
    output: int = 32 * 1024
    processes: int = 32
    files: int = 16 << 20


@dataclass(frozen=True)
class Script:
    """Real Python with files: what lies in its folder, how Python is called there, and which files are wanted back."""

    files: Mapping[str, bytes]
    arguments: tuple[str, ...]
    wanted: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScriptEnded:
    """How a script ended: its status, what it printed (errors among it), and those of the wanted files that there are."""

    status: int
    output: str
    files: Mapping[str, bytes] = field(default_factory=dict)


class NoSandbox(ProgramFailed):
    """This instance has no place where a script may be run."""


class Tier(Protocol):
    """A place where scripts are run: how one is begun there, with which environment, and how it is ended from outside."""

    @property
    def name(self) -> str: ...

    def command(self, limits: ScriptLimits) -> list[str] | None:
        """Return the command that runs `inside.py` there; None where what it takes is not installed."""

    def environment(self) -> Mapping[str, str]:
        """Return what the command itself may know of this process."""

    def stop(self, command: list[str]) -> None:
        """End what outlives the process of a command."""
