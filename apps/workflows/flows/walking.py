"""Where a workflow stands: from its steps and what is known of those that began, which come next, and what each of them is handed.

Nothing is remembered besides what the steps came to: who takes a workflow up again walks the same way to the same place. A step in a
loop has a key for each round, as `improve/2/draft`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.workflows.flows.places import holds
from apps.workflows.flows.steps import BranchStep, Leaf, LoopStep, ParallelStep

State = Literal["open", "done", "failed"]


@dataclass(frozen=True)
class Known:
    """A step that has begun: where it is, and what it gave, by name."""

    state: State
    gives: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ready:
    """A step that can begin: its key, and everything that came before it, by name."""

    key: str
    step: Leaf
    scope: Mapping[str, Any]


@dataclass(frozen=True)
class Walk:
    """Where it stands, what can begin now, and what is known by name at its end."""

    state: State
    ready: tuple[Ready, ...]
    scope: Mapping[str, Any]


def walk(steps: Sequence[Any], known: Mapping[str, Known], scope: Mapping[str, Any], *, prefix: str = "") -> Walk:
    """Walk one step after the other, as far as they are done. What failed ends a lane; others beside it go on to their end."""
    for step in steps:
        came = _step(step, known, scope, prefix)
        scope = came.scope
        if came.state != "done":
            return came
    return Walk("done", (), scope)


def _step(step: Any, known: Mapping[str, Known], scope: Mapping[str, Any], prefix: str) -> Walk:
    if isinstance(step, ParallelStep):
        return _parallel(step, known, scope, prefix)
    if isinstance(step, BranchStep):
        lane = 0 if holds(step.condition, scope) else 1
        return walk(step.lanes[lane], known, scope, prefix=prefix)
    if isinstance(step, LoopStep):
        return _loop(step, known, scope, prefix)
    key = prefix + step.name
    found = known.get(key)
    if found is None:
        return Walk("open", (Ready(key, step, scope),), scope)
    return Walk(found.state, (), {**scope, step.name: found.gives})


def _parallel(step: ParallelStep, known: Mapping[str, Known], scope: Mapping[str, Any], prefix: str) -> Walk:
    lanes = [walk(lane, known, scope, prefix=prefix) for lane in step.lanes]
    states = {lane.state for lane in lanes}
    state: State = "open" if "open" in states else "failed" if "failed" in states else "done"
    merged = {name: value for lane in lanes for name, value in lane.scope.items()}
    return Walk(state, tuple(ready for lane in lanes for ready in lane.ready), merged)


def _loop(step: LoopStep, known: Mapping[str, Known], scope: Mapping[str, Any], prefix: str) -> Walk:
    is_met, turn = False, 0
    while turn < step.most and not is_met:
        turn += 1
        came = walk(step.lanes[0], known, scope, prefix=f"{prefix}{step.name}/{turn}/")
        scope = came.scope
        if came.state != "done":
            return came
        is_met = holds(step.until, scope)
    return Walk("done", (), {**scope, step.name: {"rounds": turn, "met": is_met}})
