"""A workflow as a picture: its steps as nodes, with their lanes, what is wrong with them and how far they have come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.workflows.flows.checking import Problem
from apps.workflows.flows.steps import (
    AgentStep,
    BranchStep,
    Condition,
    Flow,
    LoopStep,
    ParallelStep,
    PersonStep,
    every_step,
    lanes_of,
)
from apps.workflows.models import ExecutionStep

ICONS = {"agent": "blocks", "person": "hand", "parallel": "layers", "branch": "git-branch", "loop": "refresh-cw"}


@dataclass(frozen=True)
class PictureLane:
    """Steps one below the other: `holder` is the step in whose lane `number` they are, "" for the workflow itself."""

    holder: str
    number: int
    title: str
    nodes: Sequence["Node"]


@dataclass(frozen=True)
class Node:
    """A step: what it is called and does in a line, its lanes, its problems, and the steps of an execution that it became, by round."""

    name: str
    kind: str
    icon: str
    tint: str
    title: str
    about: str
    lanes: Sequence[PictureLane]
    problems: Sequence[Problem]
    rows: Sequence[ExecutionStep]


def picture_of(
    flow: Flow, person: Any, *, problems: Sequence[Problem] = (), rows: Sequence[ExecutionStep] = ()
) -> PictureLane:
    """Return the picture of a workflow, as somebody sees it; with `rows` that of one of its executions."""
    keys = {step.agent for step, _depth in every_step(flow.steps) if isinstance(step, AgentStep)}
    painter = _Painter(Agent.objects.visible_to(person).in_bulk(keys), problems, rows)
    return painter.lane("", 0, "", flow.steps)


class _Painter:
    def __init__(self, agents: Mapping[Any, Agent], problems: Sequence[Problem], rows: Sequence[ExecutionStep]) -> None:
        self.agents, self.problems, self.rows = agents, problems, rows

    def lane(self, holder: str, number: int, title: str, steps: Sequence[Any]) -> PictureLane:
        return PictureLane(holder, number, title, [self.node(step) for step in steps])

    def node(self, step: Any) -> Node:
        agent = self.agents.get(step.agent) if isinstance(step, AgentStep) else None
        titles = _lane_titles(step)
        lanes = [self.lane(step.name, n, titles[n], lane) for n, lane in enumerate(lanes_of(step))]
        return Node(
            name=step.name,
            kind=step.kind,
            icon=agent.icon if agent else ICONS[step.kind],
            tint=agent.tint if agent else "warn" if step.kind == "person" else "plain",
            title=step.words,
            about=_about(step, agent),
            lanes=lanes,
            problems=[problem for problem in self.problems if problem.step == step.name],
            rows=[row for row in self.rows if row.key.rpartition("/")[2] == step.name],
        )


def _about(step: Any, agent: Agent | None) -> str:
    if isinstance(step, AgentStep):
        return agent.name if agent else _("An agent that is gone, or that you do not see")
    if isinstance(step, PersonStep):
        return _("Somebody decides: %(choices)s") % {"choices": ", ".join(step.choices)}
    if isinstance(step, ParallelStep):
        return _("At the same time")
    if isinstance(step, LoopStep):
        words = _("Again until %(condition)s, %(n)d rounds at most")
        return words % {"condition": condition_in_words(step.until), "n": step.most}
    return _("If %(condition)s") % {"condition": condition_in_words(step.condition)}


def _lane_titles(step: Any) -> Sequence[str]:
    if isinstance(step, BranchStep):
        return (_("Then"), _("Otherwise"))
    if isinstance(step, ParallelStep):
        return [_("Lane %(n)d") % {"n": n} for n in range(1, len(step.lanes) + 1)]
    return (_("Each round"),)


def condition_in_words(condition: Condition) -> str:
    """Say a condition as people read it."""
    tests = {
        "equals": _("%(place)s is “%(value)s”"),
        "differs": _("%(place)s is not “%(value)s”"),
        "contains": _("%(place)s contains “%(value)s”"),
        "above": _("%(place)s is above %(value)s"),
        "below": _("%(place)s is below %(value)s"),
        "empty": _("%(place)s is empty"),
        "filled": _("%(place)s is not empty"),
    }
    return tests[condition.test] % {"place": condition.place or "…", "value": condition.value}
