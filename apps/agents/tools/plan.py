"""The tool with which an agent writes down what it will do: people see and change the plan, then each task is a run of its own."""

from typing import Any

from django.utils.translation import gettext_lazy

from apps.agents.tools.base import Plan, Tool, ToolContext
from apps.providers.types import ToolSpec

NAME = "work_by_plan"
MOST_TASKS, MOST_PLANS = 12, 3

SPEC = ToolSpec(
    name=NAME,
    description=(
        "For work of several steps: write down its tasks, in their order, each so that it can be done on its own. The"
        " person sees the plan and may change it before anything is done. Then each task is worked on with your other"
        " tools, knowing what came of those before it, and the results come back to you. A task that fails stops the"
        " plan: write another one for what is left, or answer with what there is. What one step answers needs no plan."
    ),
    parameters={
        "type": "object",
        "properties": {
            "tasks": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_TASKS,
                "items": {"type": "string", "minLength": 1, "maxLength": 500, "pattern": r"^[^\r\n]+$"},
                "description": "One task a line.",
            }
        },
        "required": ["tasks"],
        "additionalProperties": False,
    },
)


def _call(context: ToolContext, arguments: dict[str, Any]) -> Plan:
    return Plan(tuple(arguments["tasks"]))


WORK_BY_PLAN = Tool(
    SPEC,
    _call,
    title=gettext_lazy("Plan"),
    summary=gettext_lazy(
        "Writes down the tasks of larger work. You see and change them before it begins; each is then a run of its own."
    ),
    icon="list-checks",
    is_asked_first=True,
    calls_a_run=MOST_PLANS,
)
