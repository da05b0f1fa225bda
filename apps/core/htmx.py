"""One template serves the whole page and the part that htmx swaps."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def is_part_wanted(request: HttpRequest) -> bool:
    """Say whether htmx asked for a fragment; going back through history wants the whole page."""
    details = request.htmx  # type: ignore[attr-defined]
    return bool(details) and not details.boosted and not details.history_restore_request


def page_or_part(
    request: HttpRequest, page: str, part: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render the page, or only its part when htmx asked for it."""
    response = render(request, part if is_part_wanted(request) else page, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def refused(request: HttpRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    """Render a form again with the DomainError that `context` holds as `error`: its status, and when to come again."""
    error = context["error"]
    response = render(request, page, context, status=error.status)
    if retry_after_s := getattr(error, "retry_after_s", None):
        response["Retry-After"] = str(retry_after_s)
    return response
