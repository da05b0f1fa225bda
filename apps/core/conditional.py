"""Writes that hold only if nobody wrote meanwhile: `If-Match` on PUT, PATCH and DELETE (RFC 9110, 13.1.1).

The tag is that of a GET of the same address by the same person, so it stands for all that they saw. Two conditional
writes of one address never pass the comparison together; where Redis is away, the comparison alone stands between them.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.http import HttpResponse
from django.utils.cache import set_response_etag
from django.utils.translation import gettext as _
from redis.exceptions import RedisError
from rest_framework.request import Request, clone_request

from apps.core.api import ORJSONRenderer
from apps.core.errors import Conflict, PreconditionFailed

HEADER = "If-Match"
METHODS = ("PUT", "PATCH", "DELETE")
BUSY_S = 60


def if_unchanged(request: Request, view: Callable[[Request], Any], *, is_readable: bool) -> Any:
    """Return what a view answers to a write, whose If-Match must name what the view answers to a GET.

    Raises PreconditionFailed when it does not, or when the address is not one to be read; Conflict while another such
    write of the address is being worked on.
    """
    wanted = request.headers.get(HEADER, "")
    if request.method not in METHODS or not wanted:
        return view(request)
    if not is_readable:
        raise PreconditionFailed(_("This address cannot be read, so there is nothing to compare with."))
    place = f"if-match:{hashlib.sha256(request.path.encode()).hexdigest()}"
    if not _is_ours(place):
        raise Conflict(_("Somebody else is changing this right now. Read it again, then change it."))
    try:
        _compare(wanted, view(clone_request(request, "GET")))
        return view(request)
    finally:
        _leave(place)


def _compare(wanted: str, seen: Any) -> None:
    """Compare tags without the mark of weak ones: a proxy that compresses weakens them, and they still stand for the same content."""
    tags = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
    if seen.status_code == 200 and "*" in tags:
        return
    current = HttpResponse(ORJSONRenderer().render(seen.data))
    set_response_etag(current)
    if seen.status_code != 200 or current["ETag"] not in tags:
        raise PreconditionFailed(_("This was changed since you read it. Read it again, then change it."))


def _is_ours(place: str) -> bool:
    try:
        return cache.add(place, 1, BUSY_S)
    except RedisError:
        return True


def _leave(place: str) -> None:
    try:
        cache.delete(place)
    except RedisError:
        return
