"""`/a2a`: the Agent2Agent protocol by JSON-RPC, and the cards by which agents find out what answers here."""

from typing import Any

from a2a.server.request_handlers.response_helpers import agent_card_to_dict
from a2a.server.routes.jsonrpc_dispatcher import JsonRpcDispatcher
from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET
from starlette.requests import Request

from apps.accounts.models import User
from apps.core.database.pool import release_connection
from apps.core.tenancy import current_tenant
from apps.protocols.agent_to_agent.handler import Tasks
from apps.protocols.agent_to_agent.tasks import askable
from apps.protocols.agent_to_agent.telling import card
from apps.protocols.api.doors import door
from apps.protocols.api.exchange import answered


@login_not_required
@require_GET
def public_card(request: HttpRequest) -> HttpResponseBase:
    """Show to everybody that this organisation's agents can be asked, and how; none of them is named."""
    return JsonResponse(agent_card_to_dict(card(current_tenant(), _address(request, ""), None)))


@door("GET")
async def agent_card(request: HttpRequest, person: User, name: str) -> HttpResponseBase:
    """Show the card of one agent to those who may ask it."""
    told = await sync_to_async(lambda: card(current_tenant(), _address(request, name), askable(person, name)))()
    return JsonResponse(agent_card_to_dict(told))


@door("POST")
async def a2a(request: HttpRequest, person: User, name: str = "") -> HttpResponseBase:
    """Answer one request: at once, or as events while an agent is at work."""
    await sync_to_async(askable)(person, name)
    await sync_to_async(release_connection)()  # an agent may take minutes
    tasks = Tasks(current_tenant(), person, name, _address(request, name))
    dispatcher = JsonRpcDispatcher(tasks, enable_v0_3_compat=True)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        response = await dispatcher.handle_requests(Request(scope, receive))
        await response(scope, receive, send)

    return await answered(request, application)


def _address(request: HttpRequest, name: str) -> str:
    return request.build_absolute_uri(f"/a2a/{name}" if name else "/a2a")
