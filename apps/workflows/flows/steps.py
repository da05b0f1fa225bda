"""What a workflow consists of: what is asked for at its start, and its steps, of which some hold others in lanes."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from apps.prompts.types import Variable

NAME = r"^[a-z][a-z0-9_]{0,39}$"
MOST_STEPS, MOST_DEPTH, MOST_LANES, MOST_ROUNDS, MOST_CHOICES, MOST_INPUTS = 50, 5, 6, 20, 6, 20
Test = Literal["equals", "differs", "contains", "above", "below", "empty", "filled"]
Name = Annotated[str, Field(pattern=NAME)]
Choice = Annotated[str, Field(min_length=1, max_length=60)]
Text = Annotated[str, Field(max_length=8_000)]
InputKind = Literal["text", "long_text", "number", "choice", "switch", "date", "file", "files"]


class _Written(BaseModel):
    """As it is stored: no field besides those named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Input(_Written):
    """Something that is filled in when the workflow starts (see apps.prompts.types.Variable)."""

    name: Name
    kind: InputKind = "text"
    label: str = Field(default="", max_length=80)
    help: str = Field(default="", max_length=200)
    default: str = Field(default="", max_length=500)
    is_required: bool = True
    choices: tuple[Choice, ...] = Field(default=(), max_length=20)

    @property
    def variable(self) -> Variable:
        """As forms ask for it."""
        return Variable(**self.model_dump())


class Condition(_Written):
    """What is looked at to choose a lane or to end a loop: a place by its path, like `check.open.count`, and what it is held against."""

    place: str = Field(default="", max_length=200)
    test: Test = "equals"
    value: str = Field(default="", max_length=500)


class _Step(_Written):
    name: Name
    title: str = Field(default="", max_length=80)

    @property
    def words(self) -> str:
        """What people call it."""
        return self.title or self.name.replace("_", " ").capitalize()


class AgentStep(_Step):
    """An agent is asked: `values` fill in its form, or hold the question under "question", with places of what came before."""

    kind: Literal["agent"] = "agent"
    agent: UUID
    values: dict[str, Text] = Field(default_factory=dict, max_length=30)


class PersonStep(_Step):
    """A person decides: they read `text` and choose; with a `group` (its key) anybody of it, with 0 whoever started the workflow."""

    kind: Literal["person"] = "person"
    text: Text
    choices: tuple[Choice, ...] = Field(default=("Approve", "Decline"), min_length=1, max_length=MOST_CHOICES)
    group: int = 0


class ParallelStep(_Step):
    """All lanes at the same time."""

    kind: Literal["parallel"] = "parallel"
    lanes: tuple[tuple["Step", ...], ...] = Field(default=((), ()), min_length=2, max_length=MOST_LANES)


class BranchStep(_Step):
    """The first lane when the condition holds, otherwise the second."""

    kind: Literal["branch"] = "branch"
    condition: Condition
    lanes: tuple[tuple["Step", ...], tuple["Step", ...]] = ((), ())


class LoopStep(_Step):
    """The lane again and again: until the condition holds, `most` rounds at most."""

    kind: Literal["loop"] = "loop"
    until: Condition
    most: int = Field(default=3, ge=1, le=MOST_ROUNDS)
    lanes: tuple[tuple["Step", ...]] = ((),)


Leaf = AgentStep | PersonStep
Holder = ParallelStep | BranchStep | LoopStep
Step = Annotated[AgentStep | PersonStep | ParallelStep | BranchStep | LoopStep, Field(discriminator="kind")]


class Flow(_Written):
    """A workflow as it is stored. `result` is the text that comes of it, with places; "": what its last agent answered."""

    inputs: tuple[Input, ...] = Field(default=(), max_length=MOST_INPUTS)
    steps: tuple[Step, ...] = ()
    result: Text = ""

    @property
    def variables(self) -> list[Variable]:
        """What is asked for at the start."""
        return [each.variable for each in self.inputs]


class BadFlow(Exception):
    """What was given is no workflow: `field` is the path of what is wrong, as `steps.2.lanes.0.0.text`."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


def flow_of(raw: Any) -> Flow:
    """Read a workflow. Raises BadFlow, at the first thing that is wrong."""
    try:
        return Flow.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        known = {"agent", "person", "parallel", "branch", "loop"}
        path = [str(part) for part in first["loc"] if part not in known]
        raise BadFlow(first["msg"], ".".join(path)) from error
    except RecursionError as error:
        raise BadFlow("Too deep.", "steps") from error


def lanes_of(step: Any) -> tuple[tuple[Any, ...], ...]:
    """Return the lanes of a step that holds others, none for one that does not."""
    return getattr(step, "lanes", ())


def every_step(steps: Sequence[Any], depth: int = 0) -> Iterator[tuple[Any, int]]:
    """Yield each step with how deep it lies, from 0, in the order in which they are written."""
    for step in steps:
        yield step, depth
        for lane in lanes_of(step):
            yield from every_step(lane, depth + 1)


def step_named(flow: Flow, name: str) -> Any:
    """Return the step of a name, None when there is none."""
    return next((step for step, _depth in every_step(flow.steps) if step.name == name), None)
