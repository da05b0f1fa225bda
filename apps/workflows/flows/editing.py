"""Changing a workflow step by step, as its page does: every change gives another workflow, and the former stays as it was."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.workflows.flows.steps import Flow, Input, every_step, lanes_of, step_named


@dataclass(frozen=True)
class Spot:
    """Where a step goes: before the one at `at`, counted from 0, in a lane of the step named `holder`; "" is the workflow itself."""

    holder: str = ""
    lane: int = 0
    at: int = 0


Lane = tuple[Any, ...]


def with_step(flow: Flow, step: Any, spot: Spot) -> Flow:
    """Put a step where it belongs. Raises KeyError where there is no such lane."""

    def put(lane: Lane) -> Lane:
        at = max(0, min(spot.at, len(lane)))
        return (*lane[:at], step, *lane[at:])

    if not spot.holder:
        return _changed(flow, put(flow.steps))
    holder = step_named(flow, spot.holder)
    if holder is None or not 0 <= spot.lane < len(lanes_of(holder)):
        raise KeyError(spot.holder)
    lanes = tuple(put(lane) if number == spot.lane else lane for number, lane in enumerate(lanes_of(holder)))
    return with_changed(flow, spot.holder, lambda known: known.model_copy(update={"lanes": lanes}))


def with_changed(flow: Flow, name: str, change: Callable[[Any], Any]) -> Flow:
    """Put what `change` makes of a step in its place. Raises KeyError for a name that no step has."""
    if step_named(flow, name) is None:
        raise KeyError(name)

    def each(lane: Lane) -> Lane:
        return tuple(change(step) if step.name == name else _inside(step, each) for step in lane)

    return _changed(flow, each(flow.steps))


def without_step(flow: Flow, name: str) -> Flow:
    """Take a step out, with those that it holds."""

    def each(lane: Lane) -> Lane:
        return tuple(_inside(step, each) for step in lane if step.name != name)

    return _changed(flow, each(flow.steps))


def moved(flow: Flow, name: str, by: int) -> Flow:
    """Move a step up (-1) or down (1) in its lane; at the end of it nothing changes."""

    def each(lane: Lane) -> Lane:
        names = [step.name for step in lane]
        if name not in names:
            return tuple(_inside(step, each) for step in lane)
        at = names.index(name)
        rest = [step for step in lane if step.name != name]
        rest.insert(max(0, min(at + by, len(rest))), lane[at])
        return tuple(rest)

    return _changed(flow, each(flow.steps))


def with_input(flow: Flow, asked: Input, former: str = "") -> Flow:
    """Add what is asked for at the start, or put it in the place of the `former` of that name."""
    known = list(flow.inputs)
    names = [each.name for each in known]
    if former in names:
        known[names.index(former)] = asked
    else:
        known.append(asked)
    return Flow(inputs=tuple(known), steps=flow.steps, result=flow.result)


def without_input(flow: Flow, name: str) -> Flow:
    """Ask for it no longer."""
    return Flow(inputs=tuple(each for each in flow.inputs if each.name != name), steps=flow.steps, result=flow.result)


def free_name(flow: Flow, title: str, fallback: str) -> str:
    """Return a name for what is called `title`, which nothing in the workflow has yet."""
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in title.lower())
    wanted = "_".join(part for part in letters.split("_") if part)[:30].lstrip("0123456789_") or fallback
    taken = {each.name for each in flow.inputs} | {step.name for step, _depth in every_step(flow.steps)}
    taken |= {"organisation", "person", "language", "today"}
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _inside(step: Any, each: Callable[[Lane], Lane]) -> Any:
    lanes = lanes_of(step)
    return step.model_copy(update={"lanes": tuple(map(each, lanes))}) if lanes else step


def _changed(flow: Flow, steps: Lane) -> Flow:
    return flow.model_copy(update={"steps": steps})
