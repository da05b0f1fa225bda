"""Server-sent events of a run (WHATWG HTML, 9.2): live text and steps, resumable by Last-Event-ID.

A plain asynchronous Django view, since DRF has none; it authenticates with DRF's classes. Events: `discard` (start
again from this text), `text`, `step`, `approval` (something waits for people, or was decided), `waiting`, `end` (with the state and the whole answer).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.authentication import BearerAuthentication, KeyReaches
from apps.agents.models import Run
from apps.agents.stream import BEGINNING, hub, is_entry_id, run_key
from apps.agents.types import StreamEvent
from apps.core.database.pool import release_connection
from apps.core.errors import problem
from apps.core.sockets import query
from apps.core.tenancy import current_tenant, tenant_context

KEEP_ALIVE_S = 15.0
POLL_S = 1.0


@login_not_required
async def run_events(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Follow a run. 401 without a valid token or session, 403 for a key that does not reach, 404 for a run that is not yours."""
    if request.method != "GET":
        return _problem(405, "method_not_allowed", "Only GET is allowed here.", Allow="GET")
    try:
        user = await sync_to_async(_user)(request)
    except AuthenticationFailed:
        user = None
    except PermissionDenied as error:
        return _problem(403, "permission_denied", str(error))
    if user is None:
        return _problem(401, "not_authenticated", "Sign in first.", **{"WWW-Authenticate": "Bearer"})
    run = await sync_to_async(lambda: Run.objects.visible_to(user).filter(pk=pk).first())()
    if run is None:
        return _problem(404, "not_found", "There is nothing here, or you may not see it.")
    # The request's own connection would be held until the stream ends: a pool's worth of readers would block the rest.
    await sync_to_async(release_connection)()
    after = request.headers.get("Last-Event-ID", "")
    lines = _lines(current_tenant(), run.pk, after if is_entry_id(after) else BEGINNING)
    response = StreamingHttpResponse(lines, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    response["Content-Encoding"] = "identity"  # compressing would hold events back
    return response


def _user(request: HttpRequest) -> Any:
    asked = Request(request)
    found = BearerAuthentication().authenticate(asked)
    if found:
        asked.user, asked.auth = found
        if not KeyReaches().has_permission(asked, None):  # type: ignore[arg-type]
            raise PermissionDenied(KeyReaches.message)
    user = found[0] if found else request.user
    return user if user.is_authenticated and user.is_active else None


def _problem(status: int, code: str, detail: str, **headers: str) -> JsonResponse:
    body = problem(status=status, code=code, detail=detail)
    return JsonResponse(body, status=status, headers=headers, content_type="application/problem+json")


async def _lines(tenant: Any, run_id: UUID, after: str) -> AsyncIterator[bytes]:
    # The response is sent after the middleware has left the tenant, so it is entered here again for each piece.
    events = _events(run_id, after)
    pending: asyncio.Future[StreamEvent] | None = None
    try:
        while True:
            with tenant_context(tenant):
                pending = pending or asyncio.ensure_future(anext(events))
            await asyncio.wait({pending}, timeout=KEEP_ALIVE_S)
            if not pending.done():
                yield b": still here\n\n"
                continue
            event, pending = pending.result(), None
            yield _encoded(event)
            if event.kind == "end":
                return
    except StopAsyncIteration:
        return
    finally:
        if pending is not None:
            pending.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await pending
        await events.aclose()  # type: ignore[attr-defined]


def _encoded(event: StreamEvent) -> bytes:
    head = f"id: {event.id}\n" if event.id else ""
    return f"{head}event: {event.kind}\ndata: {orjson.dumps(event.data, default=str).decode()}\n\n".encode()


async def _events(run_id: UUID, after: str) -> AsyncIterator[StreamEvent]:
    """Yield what is newer than `after`, then the end with the whole answer, whatever became of the stream."""
    key = run_key(run_id)
    while not (run := await query(Run.objects.get, pk=run_id)).is_final:
        try:
            async for event in _until_end(run_id, key, after):
                after = event.id
                yield event
        except ConnectionError:
            await asyncio.sleep(POLL_S)
    for event in await _rest(key, after):
        yield event
    yield StreamEvent("end", {"state": run.state, "answer": run.answer, "error": run.error})


async def _until_end(run_id: UUID, key: str, after: str) -> AsyncIterator[StreamEvent]:
    """Follow the stream until its end event; a silent stream is checked against the row now and then."""
    events = hub().follow(key, after)
    pending: asyncio.Future[StreamEvent] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(events))
            await asyncio.wait({pending}, timeout=POLL_S)
            if not pending.done():
                if (await query(Run.objects.get, pk=run_id)).is_final:
                    return
                continue
            event, pending = pending.result(), None
            if event.kind == "end":
                return
            yield event
    finally:
        if pending is not None:
            pending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError, StopAsyncIteration):
                await pending
        await events.aclose()  # type: ignore[attr-defined]


async def _rest(key: str, after: str) -> list[StreamEvent]:
    """Return what stands in the stream of a finished run after an id; nothing when Redis is away or forgot it."""
    try:
        return [event for event in await hub().entries(key, after) if event.kind != "end"]
    except ConnectionError:
        return []
