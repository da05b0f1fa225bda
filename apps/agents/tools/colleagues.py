"""The tool with which an agent asks another one; the run that answers has the same person's rights and no more tools than this run."""

from typing import Any

from django.utils.translation import gettext_lazy

from apps.agents.models import Agent
from apps.agents.tools.base import Delegation, Tool, ToolContext, ToolFailed
from apps.providers.types import ToolSpec

MOST_DEPTH = 3
NAME = "ask_agent"


def described(colleagues: list[Agent]) -> list[str]:
    """Return a line about each agent for the model."""
    return [f"- {agent.name}: {agent.description}" for agent in colleagues]


def spec_for(colleagues: list[Agent]) -> ToolSpec:
    """Describe the tool with the agents that can be asked."""
    return ToolSpec(
        name=NAME,
        description="\n".join(
            ["Ask another agent of the organisation; its answer comes back. Agents:", *described(colleagues)]
        ),
        parameters={
            "type": "object",
            "properties": {
                "agent": {"type": "string", "enum": [agent.name for agent in colleagues]},
                "question": {"type": "string", "minLength": 1, "maxLength": 8000},
            },
            "required": ["agent", "question"],
            "additionalProperties": False,
        },
    )


def _call(context: ToolContext, arguments: dict[str, Any]) -> Delegation:
    asked = Agent.objects.usable_by(context.user).filter(name=arguments["agent"]).first()
    if asked is None:
        raise ToolFailed("The person who asked you may not ask that agent.")
    return Delegation(str(asked.pk), arguments["question"])


ASK_AGENT = Tool(
    spec_for([]),
    _call,
    title=gettext_lazy("Other agents"),
    summary=gettext_lazy(
        "Asks another agent and goes on with its answer; each has the rights of the person who asked."
    ),
    icon="users",
    takes="colleagues",
    spec_for=spec_for,
)
