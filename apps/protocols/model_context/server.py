"""Our offers in the words of the Model Context Protocol. One server is built for each request, so that nothing is kept between them."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import anyio
import mcp_types as types
import orjson
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from apps.accounts.models import User
from apps.agents.live import follow
from apps.agents.models import Run
from apps.agents.services.runs import cancel_run
from apps.core.database.pool import release_connection
from apps.core.errors import Conflict, DomainError
from apps.core.models import is_storable
from apps.core.sockets import query
from apps.protocols.model_context import offers

QUESTION = {"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]}
WORDS = {
    "type": "object",
    "properties": {
        "query": {"type": "string"},
        "limit": {"type": "integer", "minimum": 1, "maximum": offers.MOST_HITS, "default": 8},
    },
    "required": ["query"],
}
INVALID_PARAMS, RESOURCE_NOT_FOUND = -32602, -32002
Context = ServerRequestContext[Any]


@dataclass(frozen=True)
class Offering:
    """What one person, through a key or by themself, is offered; handlers of the protocol's requests."""

    tenant: Any
    person: User
    reach: offers.Reach

    def server(self) -> Server[Any]:
        """Return a server that answers for this person."""
        return Server(
            "guildhall",
            title=self.tenant.name,
            version="1",
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_templates,
            on_read_resource=self.read_resource,
            on_list_prompts=self.list_prompts,
            on_get_prompt=self.get_prompt,
        )

    async def list_tools(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        named = await query(offers.tools, self.person, self.reach)
        return types.ListToolsResult(tools=[_tool(name, tool) for name, tool in named.items()])

    async def call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = (await query(offers.tools, self.person, self.reach)).get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool named {params.name}.")
        arguments = params.arguments or {}
        if not is_storable(arguments):
            return _failed("A text holds a character that cannot be stored.")
        try:
            if tool.agent is not None:
                return await self._ask(context, tool, arguments)
            hits = await query(offers.found, self.person, tool.base, arguments)
        except DomainError as error:
            return _failed(str(error.message))
        return _result(orjson.dumps(hits, option=orjson.OPT_INDENT_2).decode(), {"results": hits})

    async def _ask(self, context: Context, tool: offers.OfferedTool, arguments: dict[str, Any]) -> types.CallToolResult:
        """Have the agent answer; a client that goes away in the meantime stops the run."""
        assert tool.agent is not None
        run = await query(offers.begin, self.person, tool.agent, arguments)
        await query(release_connection)
        try:
            done = 0
            async with aclosing(follow(self.tenant, run.pk)) as events:
                async for event in events:
                    done += 1
                    await context.session.report_progress(done, message=None if event is None else event.kind)
        finally:
            with anyio.CancelScope(shield=True):
                run = await query(Run.objects.select_related("agent").get, pk=run.pk)
                if not run.is_final:
                    await query(self._stop, run)
        came = await query(offers.came, run)
        if run.state != Run.State.SUCCEEDED:
            return _failed(run.error or str(run.get_state_display()), came)
        return _result(run.answer, came)

    def _stop(self, run: Run) -> None:
        try:
            cancel_run(actor=self.person, run=run)
        except Conflict:
            return

    async def list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        if not self.reach("knowledge:read"):
            return types.ListResourcesResult(resources=[])
        rows, following = await _asked(offers.documents_after, self.person, params.cursor if params else None)
        resources = [
            types.Resource(
                uri=f"{offers.SCHEME}{row.pk}",
                name=row.name,
                description=row.knowledge_base.name,
                mime_type="text/markdown",
            )
            for row in rows
        ]
        return types.ListResourcesResult(resources=resources, next_cursor=following)

    async def list_templates(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            uri_template=offers.SCHEME + "{id}",
            name="document",
            mime_type="text/markdown",
            description="What was read of a document.",
        )
        return types.ListResourceTemplatesResult(resource_templates=[template] if self.reach("knowledge:read") else [])

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri) if self.reach("knowledge:read") else ""
        text = await _asked(offers.text_of, self.person, uri)
        contents = types.TextResourceContents(uri=str(params.uri), mime_type="text/markdown", text=text)
        return types.ReadResourceResult(contents=[contents])

    async def list_prompts(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        named = await query(offers.prompts, self.person, self.reach)
        return types.ListPromptsResult(prompts=[_prompt(name, prompt) for name, prompt in named.items()])

    async def get_prompt(self, context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        prompt = (await query(offers.prompts, self.person, self.reach)).get(params.name)
        if prompt is None:
            raise MCPError(INVALID_PARAMS, f"There is no prompt named {params.name}.")
        text = await _asked(offers.filled, self.person, prompt, params.arguments or {})
        message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
        return types.GetPromptResult(description=prompt.description, messages=[message])


async def _asked(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call one of our offers; what is wrong with the request becomes an error of the protocol."""
    try:
        return await query(function, *arguments)
    except DomainError as error:
        code = RESOURCE_NOT_FOUND if error.status == 404 else INVALID_PARAMS
        raise MCPError(code, str(error.message)) from error


def _tool(name: str, tool: offers.OfferedTool) -> types.Tool:
    hints = types.ToolAnnotations(read_only_hint=tool.agent is None, open_world_hint=False)
    schema = QUESTION if tool.agent is not None else WORDS
    about = {"title": tool.title, "description": tool.description, "annotations": hints}
    return types.Tool(name=name, input_schema=schema, **about)  # type: ignore[arg-type]


def _prompt(name: str, prompt: Any) -> types.Prompt:
    version = max(prompt.versions.all(), key=lambda each: each.number)
    arguments = [
        types.PromptArgument(
            name=each.name,
            description=str(each.help or each.label or "") or None,
            required=each.is_required and not each.default,
        )
        for each in version.variables
    ]
    return types.Prompt(name=name, title=prompt.name, description=prompt.description or None, arguments=arguments)


def _result(text: str, structured: dict[str, Any]) -> types.CallToolResult:
    content = types.TextContent(type="text", text=text)
    return types.CallToolResult(content=[content], structured_content=structured)


def _failed(words: str, structured: dict[str, Any] | None = None) -> types.CallToolResult:
    content = types.TextContent(type="text", text=words)
    return types.CallToolResult(content=[content], structured_content=structured, is_error=True)
