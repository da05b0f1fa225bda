"""The same answer to the same request for a day (draft-ietf-httpapi-idempotency-key-header), for every POST of the API that carries a key.

What is answered is kept in Redis, sealed under the tenant's key, since answers may hold secrets. Where Redis is away or forgot, a request is worked on
anew; what must not happen twice (runs, messages, executions) has a constraint of its own in the database.
"""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from django.core.cache import cache
from django.utils.translation import gettext as _
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import credentials
from apps.core.errors import Conflict

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEPT_S, BUSY_S = 86_400, 120
MOST_BYTES = 1 << 20
"""Of a body that is looked at; larger ones are files, of which the same is stored once anyway."""
SEALED = {"table": "idempotency", "field": "answer"}


def answered_once(request: Request, answer: Callable[[], Any]) -> Any:
    """Return what `answer` gives, or what it gave to the same person's request with this key before.

    Raises Conflict while that is still worked on, and for a key that came with another body.
    """
    key = request.headers.get(HEADER, "")
    if request.method != "POST" or not key or not request.user.is_authenticated or not _is_small(request):
        return answer()
    asked = f"{request.user.pk} {request._request.get_full_path()} {key}"
    place = UUID(hashlib.sha256(asked.encode()).hexdigest()[:32])
    mark = _mark(request)
    try:
        known = None if cache.add(_name(place), {"mark": mark}, BUSY_S) else cache.get(_name(place))
    except RedisError:
        return answer()
    if known is not None:
        return _replayed(place, mark, known)
    return _kept(place, mark, answer)


def _mark(request: Request) -> str:
    """Return the digest of a body; between the parts of a form clients write another boundary each time."""
    body, boundary = request._request.body, (request._request.content_params or {}).get("boundary", "")
    return hashlib.sha256(body.replace(boundary.encode(), b"") if boundary else body).hexdigest()


def _is_small(request: Request) -> bool:
    """Say whether a body is surely small enough to be looked at; one of unknown length may not be."""
    length = request._request.META.get("CONTENT_LENGTH") or "0"
    return length.isdigit() and int(length) <= MOST_BYTES and "Transfer-Encoding" not in request.headers


def _name(place: UUID) -> str:
    return f"idempotency:{place}"


def _replayed(place: UUID, mark: str, known: dict[str, Any]) -> Response:
    if known["mark"] != mark:
        raise Conflict(_("This idempotency key belongs to another request."), code="idempotency_key_reused")
    if "answer" not in known:
        words = _("A request with this idempotency key is being worked on. Send it again in a moment.")
        raise Conflict(words, code="idempotency_key_in_use")
    told = orjson.loads(credentials.unseal(known["answer"], pk=place, **SEALED))
    return Response(told["data"], status=told["status"], headers=told["headers"] | {REPLAYED: "true"})


def _kept(place: UUID, mark: str, answer: Callable[[], Any]) -> Any:
    """Work on the request; what fails, and what is a file, is worked on again when it is sent again."""
    response, is_kept = None, False
    try:
        response = answer()
        is_kept = isinstance(response, Response) and response.status_code < 300
    finally:
        if not is_kept:
            _quietly(lambda: cache.delete(_name(place)))
    if isinstance(response, Response) and is_kept:
        headers = {name: value for name, value in response.headers.items() if name.lower() != "content-type"}
        told = {"data": response.data, "status": response.status_code, "headers": headers}
        sealed = credentials.seal(orjson.dumps(told, default=str).decode(), pk=place, **SEALED)
        _quietly(lambda: cache.set(_name(place), {"mark": mark, "answer": sealed}, KEPT_S))
    return response


def _quietly(store: Callable[[], Any]) -> None:
    try:
        store()
    except RedisError:
        return
