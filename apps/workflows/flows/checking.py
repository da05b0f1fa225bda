"""What keeps a workflow from starting, told step by step while it is written: agents that are gone, places of nothing, files where text belongs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.prompts.types import FILED, GIVEN, Variable
from apps.workflows.flows.places import paths_in, whole_place
from apps.workflows.flows.shapes import DECISION, FILE, FILES, LOOPED, NUMBER, TEXT, Shape, shape_at
from apps.workflows.flows.steps import (
    MOST_DEPTH,
    MOST_STEPS,
    AgentStep,
    BranchStep,
    Condition,
    Flow,
    LoopStep,
    ParallelStep,
    PersonStep,
    every_step,
)

END = "/"
"""After the name of a loop: the end of its lane, where its condition is looked at."""


@dataclass(frozen=True)
class Worker:
    """An agent as workflows see it: what its form asks for (one variable, `question`, without one), and what it gives."""

    name: str
    asks: Sequence[Variable]
    gives: Shape


@dataclass(frozen=True)
class Problem:
    """Something wrong: at the step of this name ("" for the whole), in this field, said to whoever writes it."""

    step: str
    field: str
    words: str


@dataclass(frozen=True)
class Sight:
    """What is there for the workflow: agents by key, groups that can be asked, and what stands before a step, by name."""

    workers: Mapping[UUID, Worker]
    groups: Collection[int]
    scope: Mapping[str, Shape]

    def with_(self, scope: Mapping[str, Shape]) -> "Sight":
        """Return the same with another scope."""
        return replace(self, scope=scope)


def problems_of(flow: Flow, workers: Mapping[UUID, Worker], groups: Collection[int]) -> list[Problem]:
    """Return everything that keeps a workflow from starting, in the order of its steps."""
    found = _of_the_whole(flow)
    scope, deeper = _walk(flow.steps, Sight(workers, groups, inputs_of(flow)))
    return [*found, *deeper, *_places("", "result", flow.result, scope)]


def scope_before(flow: Flow, name: str, workers: Mapping[UUID, Worker]) -> Mapping[str, Shape]:
    """Return what stands before the step of a name, at the end of a loop's lane for its name with END, or at the end of all for any other."""
    seen: dict[str, Mapping[str, Shape]] = {}
    end, _none = _walk(flow.steps, Sight(workers, (), inputs_of(flow)), seen)
    return seen.get(name, end)


def inputs_of(flow: Flow) -> dict[str, Shape]:
    """Return what every step of a workflow can use: what is filled in, and what a run fills in by itself."""
    kinds = {"file": FILE, "files": FILES, "number": NUMBER}
    return {each.name: kinds.get(each.kind, TEXT) for each in flow.inputs} | dict.fromkeys(GIVEN, TEXT)


def _of_the_whole(flow: Flow) -> list[Problem]:
    steps = list(every_step(flow.steps))
    found = [] if steps else [Problem("", "steps", _("Add a step first."))]
    if len(steps) > MOST_STEPS:
        found.append(Problem("", "steps", _("At most %(n)d steps.") % {"n": MOST_STEPS}))
    names = [each.name for each in flow.inputs] + [step.name for step, _depth in steps]
    taken = dict.fromkeys(name for name in names if names.count(name) > 1 or name in GIVEN)
    found += [Problem("", "steps", _("The name “%(name)s” is taken.") % {"name": name}) for name in taken]
    found += [
        Problem(step.name, "name", _("At most %(n)d levels.") % {"n": MOST_DEPTH})
        for step, depth in steps
        if depth >= MOST_DEPTH
    ]
    return found


def _walk(
    steps: Sequence[Any], sight: Sight, seen: dict[str, Mapping[str, Shape]] | None = None
) -> tuple[Mapping[str, Shape], list[Problem]]:
    """Return what stands after the steps, and what is wrong with them; what stands before each is put into `seen`."""
    found: list[Problem] = []
    for step in steps:
        if seen is not None:
            seen[step.name] = sight.scope
        scope, problems = _one(step, sight, seen)
        sight, found = sight.with_(scope), found + problems
    return sight.scope, found


def _one(
    step: Any, sight: Sight, seen: dict[str, Mapping[str, Shape]] | None
) -> tuple[Mapping[str, Shape], list[Problem]]:
    if isinstance(step, AgentStep):
        return _agent(step, sight)
    if isinstance(step, PersonStep):
        return {**sight.scope, step.name: DECISION}, _person(step, sight)
    before = sight if not isinstance(step, LoopStep) else sight.with_({**_round(step, sight), **sight.scope})
    lanes = [_walk(lane, before, seen) for lane in step.lanes]
    scope = {name: shape for lane, _problems in lanes for name, shape in lane.items()}
    found = [problem for _scope, problems in lanes for problem in problems]
    if isinstance(step, LoopStep):
        if seen is not None:
            seen[f"{step.name}{END}"] = scope
        return {**scope, step.name: LOOPED}, found + _condition(step.name, "until", step.until, scope) + _empty(step)
    if isinstance(step, BranchStep):
        return scope, _condition(step.name, "condition", step.condition, sight.scope) + found
    return scope, found + _empty(step)


def _round(step: LoopStep, sight: Sight) -> Mapping[str, Shape]:
    """Return what the steps of a loop give: in the next round it stands before all of them, in the first it is empty."""
    inside: dict[str, Shape] = {}
    for each, _depth in every_step(step.lanes[0]):
        worker = sight.workers.get(each.agent) if isinstance(each, AgentStep) else None
        if worker is not None:
            inside[each.name] = worker.gives
        elif isinstance(each, PersonStep | LoopStep):
            inside[each.name] = DECISION if isinstance(each, PersonStep) else LOOPED
    return inside


def _empty(step: ParallelStep | LoopStep) -> list[Problem]:
    if all(step.lanes):
        return []
    return [Problem(step.name, "lanes", _("A lane of “%(step)s” is empty.") % {"step": step.words})]


def _agent(step: AgentStep, sight: Sight) -> tuple[Mapping[str, Shape], list[Problem]]:
    worker = sight.workers.get(step.agent)
    if worker is None:
        words = _("“%(step)s”: its agent is not there (any more), or you may not ask it.")
        return sight.scope, [Problem(step.name, "agent", words % {"step": step.words})]
    found = []
    for variable in worker.asks:
        found += _value(step, variable, step.values.get(variable.name, "").strip(), sight.scope)
    return {**sight.scope, step.name: worker.gives}, found


def _value(step: AgentStep, variable: Variable, text: str, scope: Mapping[str, Shape]) -> list[Problem]:
    field = f"values.{variable.name}"
    if not text:
        if not variable.is_required or variable.default:
            return []
        words = _("“%(step)s”: fill in “%(name)s”.")
        return [Problem(step.name, field, words % {"step": step.words, "name": variable.title})]
    if not variable.takes_files:
        return _places(step.name, field, text, scope)
    shape = shape_at(scope, whole_place(text)) if whole_place(text) else None
    if shape is not None and shape.kind in ("file", variable.kind):
        return []
    words = _("“%(step)s”: “%(name)s” takes a file. Name one that is filled in at the start, like {{ document }}.")
    return [Problem(step.name, field, words % {"step": step.words, "name": variable.title})]


def _person(step: PersonStep, sight: Sight) -> list[Problem]:
    found = _places(step.name, "text", step.text, sight.scope)
    if not step.text.strip():
        found.append(Problem(step.name, "text", _("“%(step)s”: say what is to be decided.") % {"step": step.words}))
    if step.group and step.group not in sight.groups:
        words = _("“%(step)s”: the group that decides is not there any more.")
        found.append(Problem(step.name, "group", words % {"step": step.words}))
    return found


def _condition(step: str, field: str, condition: Condition, scope: Mapping[str, Shape]) -> list[Problem]:
    if not condition.place:
        return [Problem(step, field, _("“%(step)s”: choose what is looked at.") % {"step": step})]
    return _fits(step, field, condition.place, scope)


def _places(step: str, field: str, text: str, scope: Mapping[str, Shape]) -> list[Problem]:
    return [problem for path in paths_in(text) for problem in _fits(step, field, path, scope)]


def _fits(step: str, field: str, path: str, scope: Mapping[str, Shape]) -> list[Problem]:
    shape = shape_at(scope, path)
    if shape is None:
        words = (
            _("Nothing before “%(step)s” is called {{ %(path)s }}.") if step else _("Nothing is called {{ %(path)s }}.")
        )
    elif shape.kind in FILED:
        words = _("{{ %(path)s }} is a file, which no text can hold.")
    elif shape.kind == "list":
        words = _("{{ %(path)s }} is a list. How many it holds is {{ %(path)s.count }}.")
    elif shape.kind == "object":
        words = _("{{ %(path)s }} holds several things. Name one of them.")
    else:
        return []
    return [Problem(step, field, words.replace("%(step)s", step).replace("%(path)s", path))]
