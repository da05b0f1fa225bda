"""Runs that work for a tool call: the tasks of a plan that people agreed to, in their order, or several agents at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.agents.models import Run
from apps.agents.records import ask_colleague, open_child, root_of
from apps.agents.registry import tools_of
from apps.agents.tools.base import Panel, Plan
from apps.agents.tools.plan import NAME

RESULT_CHARS = 4_000
_MARK = re.compile(r"\s?\[\d+\]")


@dataclass(frozen=True)
class Task:
    """A task of a plan, and the run that works on it; None: it has not begun."""

    text: str
    run: Run | None


def tasks_of(run: Run, call_id: str, texts: Sequence[str]) -> list[Task]:
    """Return the tasks of a plan that a run's tool call is, with what works on them."""
    runs = runs_of(run, call_id)
    return [Task(text, runs.get(task_call(call_id, number))) for number, text in enumerate(texts, 1)]


def runs_of(run: Run, call_id: str) -> dict[str, Run]:
    """Return the runs that work for a call, by the ids of what it is made of, in their order."""
    children = run.children.filter(parent_call__startswith=f"{call_id[:80]}/").select_related("agent")
    return {child.parent_call: child for child in children.order_by("created_at")}


def begin_panel(run: Run, call_id: str, panel: Panel) -> None:
    """Have each agent of a panel asked. Raises what open_child() raises, and then none is."""
    for number, wish in enumerate(panel.asked, 1):
        ask_colleague(run, wish, call_id=task_call(call_id, number))


def task_call(call_id: str, number: int) -> str:
    """Return the id of the call that a task is, counted from 1."""
    return f"{call_id[:80]}/{number}"


def begin_task(run: Run, call_id: str, plan: Plan, tasks: Sequence[Task]) -> None:
    """Begin the first task that has no run yet; it knows what came of those before it. Raises what open_child() raises."""
    number = next(place for place, task in enumerate(tasks, 1) if task.run is None)
    allowed = [held.key for held in tools_of(run.acts_as, run.project, allowed=run.allowed_tools, depth=run.depth)]
    open_child(
        run,
        agent=run.agent,
        question=question_for(root_of(run).question, tasks[: number - 1], plan.tasks[number - 1]),
        title=plan.tasks[number - 1],
        call_id=task_call(call_id, number),
        allowed_tools=[key for key in allowed if key != NAME],
    )


def question_for(whole: str, done: Sequence[Task], task: str) -> str:
    """Tell a run about the whole, what came of the tasks before, and its own; numbers of passages mean nothing to it."""
    results = [f"{task.text}\n{_MARK.sub('', task.run.answer)[:RESULT_CHARS]}" for task in done if task.run is not None]
    before = "\n\n".join(["What was done before:", *results]) if results else ""
    parts = [f"This is one task of larger work, which is:\n{whole}", before, f"Do this task alone:\n{task}"]
    return "\n\n".join(filter(None, parts))
