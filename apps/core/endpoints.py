"""How a function becomes a view of the REST API. Beside core.api, which REST framework's settings name and its views therefore import first."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import decorators
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.conditional import if_unchanged
from apps.core.errors import InvalidInput
from apps.core.idempotency import answered_once

FIELDS = "fields"


def api_view(methods: list[str]) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a view of the API, as REST framework's own does, with what holds for every one of them.

    A POST with an `Idempotency-Key` is answered once (core.idempotency), a write with `If-Match` holds if nobody wrote
    meanwhile (core.conditional), and a GET with `fields` answers with those alone.
    """

    def made(function: Callable[..., Any]) -> Any:
        @wraps(function)
        def handler(request: Request, *args: Any, **kwargs: Any) -> Any:
            view = partial(_call, function, args, kwargs)
            return sparse(
                request, answered_once(request, lambda: if_unchanged(request, view, is_readable="GET" in methods))
            )

        return decorators.api_view(methods)(handler)

    return made


def _call(function: Callable[..., Any], args: Any, kwargs: Any, request: Request) -> Any:
    return function(request, *args, **kwargs)


def sparse(request: Request, response: Any) -> Any:
    """Leave of an answer to a GET, or of each row of a list, the fields that `?fields=` names. Raises InvalidInput for one that is not there."""
    wanted = set(filter(None, request.query_params.get(FIELDS, "").replace(" ", "").split(",")))
    if request.method != "GET" or not wanted or not isinstance(response, Response) or response.status_code != 200:
        return response
    response.data = _only(response.data, wanted)
    return response


def _only(data: Any, wanted: set[str]) -> Any:
    if isinstance(data, dict) and data.keys() >= {"next", "previous", "results"}:
        return {**data, "results": _only(data["results"], wanted)}
    if isinstance(data, list):
        return [_only(row, wanted) for row in data]
    if not isinstance(data, dict):
        return data
    if unknown := wanted - data.keys():
        words = _("There is no field %(name)s. There are: %(names)s.")
        found = {"name": min(unknown), "names": ", ".join(sorted(data))}
        raise InvalidInput(words % found, field=FIELDS)
    return {name: value for name, value in data.items() if name in wanted}
