"""The tools that exist, and which of them an agent has."""

from typing import Any

import jsonschema
import orjson

from apps.agents.models import Agent
from apps.agents.tools.base import Tool, ToolFailed
from apps.agents.tools.knowledge import SEARCH_KNOWLEDGE
from apps.projects.models import Project

_tools: dict[str, Tool] = {}


def add_tool(tool: Tool) -> None:
    """Make a tool known. Raises ValueError for a name that is taken."""
    if tool.spec.name in _tools:
        raise ValueError(f"The tool {tool.spec.name} is known already.")
    _tools[tool.spec.name] = tool


add_tool(SEARCH_KNOWLEDGE)


def tools_of(agent: Agent, project: Project | None = None) -> list[Tool]:
    """Return the tools that an agent may use: the search when it or the project has collections, and every other known tool."""
    has_collections = agent.knowledge_bases.exists() or (project is not None and project.knowledge_bases.exists())
    return [tool for name, tool in _tools.items() if name != SEARCH_KNOWLEDGE.spec.name or has_collections]


def checked_arguments(tool: Tool, arguments: str) -> dict[str, Any]:
    """Parse and validate what the model wrote. Raises ToolFailed with what is wrong."""
    try:
        parsed = orjson.loads(arguments or "{}")
        jsonschema.validate(parsed, tool.spec.parameters)
    except orjson.JSONDecodeError as error:
        raise ToolFailed("The arguments are not valid JSON.") from error
    except jsonschema.ValidationError as error:
        raise ToolFailed(f"The arguments do not fit the schema: {error.message}"[:500]) from error
    return parsed
