"""How a function becomes a view of the REST API. Beside core.api, which REST framework's settings name and its views therefore import first."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from rest_framework import decorators
from rest_framework.request import Request

from apps.core.idempotency import answered_once


def api_view(methods: list[str]) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a view of the API, as REST framework's own does; a POST with an `Idempotency-Key` is answered once (core.idempotency)."""

    def made(function: Callable[..., Any]) -> Any:
        @wraps(function)
        def handler(request: Request, *args: Any, **kwargs: Any) -> Any:
            return answered_once(request, lambda: function(request, *args, **kwargs))

        return decorators.api_view(methods)(handler)

    return made
