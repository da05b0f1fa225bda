"""Protocols whose official SDK is an ASGI application, answered as any other request: tenancy, keys, limits and logs are those of ours."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing, suppress
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

log = structlog.get_logger(__name__)
Message = dict[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]


async def answered(request: HttpRequest, application: Application) -> HttpResponseBase:
    """Return what an SDK's application answers: at once, or as events while something is at work."""
    exchange = Exchange(request, application)
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
    """One request, answered in a task of its own; what the application sends comes out here."""

    def __init__(self, request: HttpRequest, application: Application) -> None:
        self._application = application
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
        self._sent: asyncio.Queue[Message | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> Message:
        """Return how the answer starts: its status and headers."""
        self._task = asyncio.create_task(self._work(), name="exchange")
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
            await self._application(self._scope, self._receive, self._send)
        except Exception:
            log.exception("exchange_failed")
        finally:
            self._sent.put_nowait(None)

    async def _receive(self) -> Message:
        if self._is_read:
            await asyncio.Event().wait()  # the task is cancelled when the client goes away
        self._is_read = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self._sent.put_nowait(dict(message))
