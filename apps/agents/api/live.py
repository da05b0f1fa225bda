"""Server-sent events of a run (WHATWG HTML, 9.2): live text and steps, resumable by Last-Event-ID.

A plain asynchronous Django view, since DRF has none; it authenticates with DRF's classes. Events: `discard` (start
again from this text), `text`, `step`, `approval` (something waits for people, or was decided), `waiting`, `end` (with the state and the whole answer).
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import AuthenticationFailed

from apps.accounts.authentication import caller_of
from apps.agents.live import follow
from apps.agents.models import Run
from apps.agents.stream import BEGINNING, is_entry_id
from apps.agents.types import StreamEvent
from apps.core.database.pool import release_connection
from apps.core.errors import TooManyRequests, problem
from apps.core.tenancy import current_tenant


@login_not_required
async def run_events(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Follow a run. 401 without a valid token or session, 403 for a key that does not reach, 404 for a run that is not yours."""
    if request.method != "GET":
        return _problem(405, "method_not_allowed", "Only GET is allowed here.", Allow="GET")
    try:
        user = await sync_to_async(caller_of)(request, with_session=True)
    except AuthenticationFailed:
        user = None
    except PermissionDenied as error:
        return _problem(403, "permission_denied", str(error))
    except TooManyRequests as error:
        return _problem(429, error.code, str(error.message), **{"Retry-After": str(error.retry_after_s)})
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


def _problem(status: int, code: str, detail: str, **headers: str) -> JsonResponse:
    body = problem(status=status, code=code, detail=detail)
    return JsonResponse(body, status=status, headers=headers, content_type="application/problem+json")


async def _lines(tenant: Any, run_id: UUID, after: str) -> AsyncIterator[bytes]:
    async with aclosing(follow(tenant, run_id, after)) as events:
        async for event in events:
            yield b": still here\n\n" if event is None else _encoded(event)


def _encoded(event: StreamEvent) -> bytes:
    head = f"id: {event.id}\n" if event.id else ""
    return f"{head}event: {event.kind}\ndata: {orjson.dumps(event.data, default=str).decode()}\n\n".encode()
