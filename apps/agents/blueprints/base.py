"""A blueprint: what is asked for, the steps that are done with it, and what comes of them. No framework."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from apps.agents.sandbox.base import Script, ScriptEnded, ScriptLimits
from apps.core.reports import Report
from apps.knowledge.types import Block, Element, Sheet, SourceFile
from apps.prompts.types import Variable


class Typed(BaseModel):
    """What steps hand over and models answer with: every field has to be there, and no other may."""

    model_config = ConfigDict(extra="forbid", frozen=True)


T = TypeVar("T", bound=BaseModel)


class StepFailed(Exception):
    """A step cannot be done; the sentence is for whoever asked, and says what they can do."""


@dataclass(frozen=True)
class Step(Generic[T]):
    """One step: `work` returns a `gives`, which is stored; those after it read that, and so does whoever takes the run up again.

    What a step does besides asking and using tools has to come to the same when it is done again: no clocks, no dice. One that several
    blueprints have names the `folder` of the blueprint whose prompts it asks with.
    """

    key: str
    title: Any
    gives: type[T]
    work: Callable[["Desk"], T]
    folder: Path | None = None


@dataclass(frozen=True)
class Earlier:
    """Another run of the agent that bears the same mark; `person` is the name of who had it work, "" when they are gone."""

    day: date
    person: str


@dataclass(frozen=True)
class Duty:
    """Something that somebody has to do by a day. `email` is whose it is, "" for nobody who is known; `who` says it in words."""

    title: str
    due: date
    who: str
    email: str
    phase: str
    note: str


@dataclass(frozen=True)
class Agenda:
    """Duties that can be kept as a checklist, for the person of an e-mail address ("" for nobody)."""

    name: str
    email: str
    duties: tuple[Duty, ...]


class Desk(Protocol):
    """What a step works with. What models and tools answered is stored, so that a step that is done again asks nobody twice."""

    values: Mapping[str, str]
    """What was filled in, by variable, as text; the key of the file for a file."""
    language: str
    """In which the person reads."""
    today: date
    """The day on which the run was asked for, where who asked lives."""

    def of(self, step: Step[T]) -> T:
        """Return what an earlier step came to."""
        ...

    def read(self, variable: str) -> Sequence[Block]:
        """Return the blocks of the file that was given for a variable. Raises StepFailed with the reason when it cannot be read."""
        ...

    def tree(self, variable: str) -> Element | None:
        """Return the XML of the file that was given, or of the one in it; None where there is none. Raises StepFailed like `read`."""
        ...

    def sheets(self, variable: str) -> Sequence[Sheet]:
        """Return the sheets of the table that was given, 50,000 rows at most. Raises StepFailed like `read`, and for what is no table."""
        ...

    def files(self, variable: str) -> Sequence[str]:
        """Return what each file of a variable that takes several is called here, as `resumes/0`: a name that the others take like a variable's."""
        ...

    def archive(self, variable: str) -> tuple[Sequence[SourceFile], Sequence[str]]:
        """Return the text files of the ZIP that was given, and the paths of those left out for their size. Raises StepFailed like `read`."""
        ...

    def name_of(self, variable: str) -> str:
        """Return the name of the file that was given for a variable."""
        ...

    def kind_of(self, variable: str) -> str:
        """Return the kind of the file that was given for a variable, as `pdf`."""
        ...

    def earlier(self, mark: str) -> Sequence[Earlier]:
        """Put a mark on this run, and return the other runs of the agent that bear it and have not failed, the oldest first, ten at most."""
        ...

    def ask(self, key: str, prompt: str, gives: type[T], **places: str) -> T | None:
        """Have the model answer a prompt of the blueprint, filled in, with a `gives`; `key` names the call within the step.

        None: no model that writes is there (the built-in one quotes), or it gave no such answer when asked twice.
        """
        ...

    def tools(self) -> Sequence[str]:
        """Return the names of the tools that the agent has."""
        ...

    def run(self, script: Script, limits: ScriptLimits) -> ScriptEnded:
        """Run a script where this instance runs them; the agent has to have the tool that works on files with Python.

        Raises StepFailed where it has not, where there is no such place, and for a script that went over a limit.
        """
        ...

    def use(self, key: str, tool: str, **arguments: Any) -> Mapping[str, Any]:
        """Use a tool of the agent, with its rights and its consent; `key` names the call within the step.

        One that fails says so under "error", as it does to models; beyond what a minute allows of it the run is put aside until that is over.
        """
        ...


@dataclass(frozen=True)
class Blueprint:
    """Work that is written down: the agents made from it ask for `asks`, do the `steps`, and give what the last one gives.

    `report` makes that readable. `folder` holds prompts/<name>.md; `instructions.md` is what its agents are told unless they are
    changed, and `tools` are what they are given. `sample` is what it can be tried with: a text by variable, of files the name of one
    in samples/. `agenda` gives the duties that come of its result.
    """

    key: str
    title: Any
    summary: Any
    asks: tuple[Variable, ...]
    steps: tuple[Step[Any], ...]
    report: Callable[[Any], Report]
    folder: Path
    icon: str = "list-checks"
    tools: tuple[str, ...] = ()
    sample: Mapping[str, str] = field(default_factory=dict)
    agenda: Callable[[Any], Agenda] | None = None

    @property
    def gives(self) -> type[BaseModel]:
        """What its result is."""
        return self.steps[-1].gives

    def prompt(self, name: str, step: Step[Any] | None = None) -> str:
        """Return the text of one of its prompts, or of those that a step brings. Raises FileNotFoundError."""
        folder = step.folder if step is not None and step.folder is not None else self.folder
        return (folder / "prompts" / f"{name}.md").read_text(encoding="utf-8").strip()
