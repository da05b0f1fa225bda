"""Operations of connected services as tools. What comes back is a stranger's text, and may be internal."""

from collections.abc import Callable, Collection
from typing import Any

from django.db.models import F

from apps.agents.tools.base import MIXED, Tool, ToolContext, ToolFailed, ToolResult
from apps.integrations import calls, jira, mcp, repositories
from apps.integrations.asking import TIMEOUT_S
from apps.integrations.errors import CallFailed
from apps.integrations.models import Connection, Operation
from apps.providers.types import ToolSpec

CALLS: dict[str, Callable[..., dict[str, Any]]] = {
    Connection.Kind.MCP: mcp.call,
    Connection.Kind.JIRA: jira.call,
    Connection.Kind.GITHUB: repositories.call,
    Connection.Kind.GITLAB: repositories.call,
}


def remote_tools(keys: Collection[str] | None = None) -> dict[str, Tool]:
    """Return the tools that connected services offer, or those of these keys, as far as an administrator chose them."""
    found = Operation.objects.filter(connection__is_active=True, pinned=F("digest"))
    chosen = found if keys is None else found.filter(tool_name__in=keys)
    return {row.tool_name: tool_of(row) for row in chosen.select_related("connection")}


def tool_of(operation: Operation) -> Tool:
    """Return an operation as a tool."""
    call: Callable[..., dict[str, Any]] = CALLS.get(operation.connection.kind) or calls.call

    def use(context: ToolContext, arguments: dict[str, Any]) -> ToolResult:
        try:
            return ToolResult(call(operation, arguments, idempotency_key=context.idempotency_key))
        except CallFailed as error:
            raise ToolFailed(str(error)) from error

    return Tool(
        ToolSpec(operation.tool_name, operation.description, operation.schema),
        use,
        title=f"{operation.connection.name}: {operation.title}",
        summary=operation.description,
        icon="link",
        risk=operation.risk,  # type: ignore[arg-type]
        is_for=operation.connection.is_for,
        is_repeatable=operation.is_repeatable,
        timeout_s=TIMEOUT_S,
        brings=MIXED,
    )
