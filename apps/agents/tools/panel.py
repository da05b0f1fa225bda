"""The tool with which an agent asks several others at once and makes one answer of theirs; each has the rights of the same person."""

from typing import Any

from django.utils.translation import gettext_lazy

from apps.agents.models import Agent
from apps.agents.tools.base import Delegation, Panel, Tool, ToolContext, ToolFailed
from apps.agents.tools.colleagues import described
from apps.providers.types import ToolSpec

NAME = "ask_several"
MOST_ASKED = 6


def spec_for(colleagues: list[Agent]) -> ToolSpec:
    """Describe the tool with the agents that can be asked."""
    told = (
        "Ask several agents of the organisation the same question at once; all their answers come back. Make one answer of"
        " them: keep the numbers of the passages that they cite, and say where they do not agree. Agents:"
    )
    return ToolSpec(
        name=NAME,
        description="\n".join([told, *described(colleagues)]),
        parameters={
            "type": "object",
            "properties": {
                "agents": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MOST_ASKED,
                    "uniqueItems": True,
                    "items": {"type": "string", "enum": [agent.name for agent in colleagues]},
                },
                "question": {"type": "string", "minLength": 1, "maxLength": 8000},
            },
            "required": ["agents", "question"],
            "additionalProperties": False,
        },
    )


def _call(context: ToolContext, arguments: dict[str, Any]) -> Panel:
    found = Agent.objects.usable_by(context.user).filter(name__in=arguments["agents"]).order_by("name")
    if not found:
        raise ToolFailed("The person who asked you may ask none of these agents.")
    return Panel(tuple(Delegation(str(agent.pk), arguments["question"]) for agent in found))


ASK_SEVERAL = Tool(
    spec_for([]),
    _call,
    title=gettext_lazy("Several agents at once"),
    summary=gettext_lazy("Asks several agents the same and makes one answer of theirs, with the sources of each."),
    icon="layers",
    takes="colleagues",
    spec_for=spec_for,
)
