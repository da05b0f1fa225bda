"""The tools that exist, and which of them an agent has."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import jsonschema
import orjson

from apps.agents.models import Agent, ToolGrant
from apps.agents.tools.base import Tool, ToolFailed
from apps.agents.tools.calculator import CALCULATE
from apps.agents.tools.calendar import RECKON_DAYS
from apps.agents.tools.code import RUN_PYTHON, python_tools
from apps.agents.tools.colleagues import ASK_AGENT, MOST_DEPTH
from apps.agents.tools.files import WORK_ON_FILES
from apps.agents.tools.knowledge import SEARCH_KNOWLEDGE
from apps.agents.tools.memory import REMEMBER
from apps.agents.tools.panel import ASK_SEVERAL
from apps.agents.tools.plan import WORK_BY_PLAN
from apps.agents.tools.remote import remote_tools
from apps.agents.tools.tables import QUERY_TABLE
from apps.agents.tools.web_page import READ_WEB_PAGE
from apps.core.models import is_storable
from apps.projects.models import Project

_tools: dict[str, Tool] = {}


@dataclass(frozen=True)
class HeldTool:
    """A tool in the hands of an agent, by the grant that gave it; None: it comes with the agent's collections."""

    key: str
    tool: Tool
    grant: ToolGrant | None = None


def add_tool(tool: Tool) -> None:
    """Make a tool known. Raises ValueError for a name that is taken."""
    if tool.spec.name in _tools:
        raise ValueError(f"The tool {tool.spec.name} is known already.")
    _tools[tool.spec.name] = tool


for _each in (
    SEARCH_KNOWLEDGE,
    CALCULATE,
    RECKON_DAYS,
    QUERY_TABLE,
    READ_WEB_PAGE,
    ASK_AGENT,
    ASK_SEVERAL,
    RUN_PYTHON,
    WORK_ON_FILES,
    REMEMBER,
    WORK_BY_PLAN,
):
    add_tool(_each)


def known_tools(keys: Collection[str] | None = None) -> dict[str, Tool]:
    """Return every tool that an agent can be given, or those of these keys; the search comes with collections and is not given."""
    own = {key: tool for key, tool in _tools.items() if tool is not SEARCH_KNOWLEDGE}
    if keys is None:
        return own | _added(None, own)
    elsewhere = [key for key in keys if key not in own]
    found = {key: tool for key, tool in own.items() if key in keys}
    return found | (_added(elsewhere, own) if elsewhere else {})


def _added(keys: Collection[str] | None, own: Collection[str]) -> dict[str, Tool]:
    """Return what was written here and what connected services offer; no service takes the name of another tool."""
    written = python_tools(keys)
    return written | {key: tool for key, tool in remote_tools(keys).items() if key not in written and key not in own}


def tool_named(key: str) -> Tool | None:
    """Return a tool that an agent can be given; None when it is gone."""
    return known_tools([key]).get(key)


def held_tool(agent: Agent, key: str) -> Tool | None:
    """Return a tool as an agent has it, with the agents that it may ask; None when it is gone."""
    return next((each.tool for each in tools_of(agent) if each.key == key), None)


def built_in(key: str) -> Tool | None:
    """Return a tool of the product's own, the search among them, without a look at the database."""
    return _tools.get(key)


def tools_of(
    agent: Agent, project: Project | None = None, *, allowed: Collection[str] | None = None, depth: int = 0
) -> list[HeldTool]:
    """Return the tools that an agent may use in a run `depth` runs deep: the search when it or the project has collections, and those given.

    `allowed` narrows them to these keys.
    """
    has_collections = agent.knowledge_bases.exists() or (project is not None and project.knowledge_bases.exists())
    held = [HeldTool(SEARCH_KNOWLEDGE.spec.name, SEARCH_KNOWLEDGE)] if has_collections else []
    grants = list(agent.tool_grants.select_related("approvers").prefetch_related("colleagues"))
    known = known_tools([grant.tool for grant in grants])
    for grant in grants:
        if grant.tool in known:
            held += _fitted(known[grant.tool], grant, depth)
    return [each for each in held if allowed is None or each.key in allowed]


def holds_still(grant: ToolGrant) -> bool:
    """Say whether a grant that was read before stands, and its tool is there."""
    return tool_named(grant.tool) is not None and ToolGrant.objects.filter(pk=grant.pk).exists()


def _fitted(tool: Tool, grant: ToolGrant, depth: int) -> Iterable[HeldTool]:
    """Return the tool as its grant makes it; nothing where there is nothing left to do with it."""
    if tool.spec_for is None:
        return [HeldTool(grant.tool, tool, grant)]
    colleagues = [agent for agent in grant.colleagues.all() if agent.is_active]
    if not colleagues or depth >= MOST_DEPTH:
        return []
    return [HeldTool(grant.tool, replace(tool, spec=tool.spec_for(colleagues)), grant)]


def checked_arguments(tool: Tool, arguments: str) -> dict[str, Any]:
    """Parse and validate what the model wrote. Raises ToolFailed with what is wrong."""
    try:
        parsed = orjson.loads(arguments or "{}")
        check_arguments(tool, parsed)
    except orjson.JSONDecodeError as error:
        raise ToolFailed("The arguments are not valid JSON.") from error
    return parsed


def check_arguments(tool: Tool, arguments: Any) -> None:
    """Validate arguments. Raises ToolFailed with what is wrong."""
    if not is_storable(arguments):
        raise ToolFailed("The arguments hold a character or a number that cannot be stored.")
    try:
        jsonschema.validate(arguments, tool.spec.parameters)
    except jsonschema.ValidationError as error:
        raise ToolFailed(f"The arguments do not fit the schema: {error.message}"[:500]) from error
