"""`/mcp`: the Model Context Protocol over streamable HTTP, without sessions: each request stands for itself."""

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import aclosing, suppress
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from apps.accounts.models import User
from apps.core.database.pool import release_connection
from apps.core.tenancy import current_tenant
from apps.protocols.api.doors import door, key_of
from apps.protocols.model_context.server import Offering

log = structlog.get_logger(__name__)
MOST_BYTES = 1 << 20
# Who has no key gets nothing, so there is nothing that a page of somebody else could have a browser fetch.
SECURITY = TransportSecuritySettings(enable_dns_rebinding_protection=False)
Message = dict[str, Any]


@door("POST")
async def mcp(request: HttpRequest, person: User) -> HttpResponseBase:
    """Answer one message of a client: at once as JSON, or as events while a tool is at work."""
    key = key_of(request)
    offering = Offering(current_tenant(), person, (lambda scope: key is None or scope in key.scopes))
    await sync_to_async(release_connection)()  # an agent may take minutes
    exchange = Exchange(request, offering)
    start = await exchange.begin()
    headers = {name.decode(): value.decode() for name, value in start.get("headers", ())}
    kind = headers.pop("content-type", "")
    if kind.startswith("text/event-stream"):
        response: HttpResponseBase = StreamingHttpResponse(exchange.rest(), status=start["status"], content_type=kind)
        response["X-Accel-Buffering"] = "no"
        response["Content-Encoding"] = "identity"  # compressing would hold events back
    else:
        async with aclosing(exchange.rest()) as parts:
            body = b"".join([part async for part in parts])
        response = HttpResponse(body, status=start["status"], content_type=kind or None)
    for name, value in headers.items():
        if name not in ("content-length", "connection"):
            response[name] = value
    response["Cache-Control"] = "no-store"
    return response


class Exchange:
    """One request, answered by the SDK's transport in a task of its own; what it sends comes out here."""

    def __init__(self, request: HttpRequest, offering: Offering) -> None:
        self._body, self._is_read = request.body, False
        names = ((name.lower().encode(), value.encode()) for name, value in request.headers.items())
        self._scope: Message = {
            "type": "http",
            "method": request.method,
            "path": request.path_info,
            "raw_path": request.path_info.encode(),
            "query_string": b"",
            "headers": list(names),
        }
        self._manager = StreamableHTTPSessionManager(
            offering.server(), stateless=True, security_settings=SECURITY, max_request_body_size=MOST_BYTES
        )
        self._sent: asyncio.Queue[Message | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> Message:
        """Return how the answer starts: its status and headers."""
        self._task = asyncio.create_task(self._work(), name="mcp")
        try:
            first = await self._sent.get()
        except asyncio.CancelledError:
            await self._end()
            raise
        return first or {"status": 500, "headers": []}

    async def rest(self) -> AsyncGenerator[bytes, None]:
        """Yield the answer's body; whoever goes away before its end stops what is at work."""
        try:
            while (message := await self._sent.get()) is not None:
                if message.get("body"):
                    yield message["body"]
                if not message.get("more_body"):
                    return
        finally:
            await self._end()

    async def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        try:
            async with self._manager.run():
                await self._manager.handle_request(self._scope, self._receive, self._send)
        except Exception:
            log.exception("mcp_failed")
        finally:
            self._sent.put_nowait(None)

    async def _receive(self) -> Message:
        if self._is_read:
            await asyncio.Event().wait()  # the task is cancelled when the client goes away
        self._is_read = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self._sent.put_nowait(dict(message))
