"""`/mcp`: the Model Context Protocol over streamable HTTP, without sessions: each request stands for itself."""

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from apps.accounts.models import User
from apps.core.database.pool import release_connection
from apps.core.tenancy import current_tenant
from apps.protocols.api.doors import door, scopes_of
from apps.protocols.api.exchange import answered
from apps.protocols.model_context.server import Offering

MOST_BYTES = 1 << 20
# Who has no key gets nothing, so there is nothing that a page of somebody else could have a browser fetch.
SECURITY = TransportSecuritySettings(enable_dns_rebinding_protection=False)


@door("POST", resource="oauth-resource-mcp")
async def mcp(request: HttpRequest, person: User) -> HttpResponseBase:
    """Answer one message of a client: at once as JSON, or as events while a tool is at work."""
    scopes = scopes_of(request)
    offering = Offering(current_tenant(), person, (lambda scope: scopes is None or scope in scopes))
    await sync_to_async(release_connection)()  # an agent may take minutes
    manager = StreamableHTTPSessionManager(
        offering.server(), stateless=True, security_settings=SECURITY, max_request_body_size=MOST_BYTES
    )

    async def application(scope: Any, receive: Any, send: Any) -> None:
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    return await answered(request, application)
