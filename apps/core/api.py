"""REST plumbing shared by every app: JSON, cursor paging, problem details (RFC 9457)."""

import codecs
import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import exceptions, pagination, parsers, renderers, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.core.errors import DomainError, NotFound, problem
from apps.core.middleware import OUTAGES


class JSONParser(parsers.JSONParser):
    """JSON of finite numbers, and whole ones that fit into 64 bits: others can be neither stored nor answered (RFC 8259, section 6)."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            text = codecs.getreader(encoding)(stream)
            return json.load(text, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
        except (ValueError, RecursionError) as error:
            raise exceptions.ParseError(f"JSON parse error - {error}") from error


def _whole(text: str) -> int:
    """Return a whole number. Raises ValueError for one that is longer."""
    number = int(text)
    if not -(2**63) <= number < 2**64:
        raise ValueError("a whole number does not fit into 64 bits")
    return number


def _finite(text: str) -> float:
    """Return a number. Raises ValueError for what is too large to be one, and for NaN and Infinity, which JSON does not have."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number


class ORJSONRenderer(renderers.BaseRenderer):
    """UTF-8 JSON; UUIDs and datetimes as strings."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str)


class CursorPagination(pagination.CursorPagination):
    """Newest first, 50 a page, at most 200 (`page_size`)."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-created_at"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        return {**described, "required": ["next", "previous", "results"]}


def checked(serializer_class: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """Return the validated values of a request's body or query. Raises ValidationError (422 with the fields)."""
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


class Pages(serializers.ListSerializer):
    """Rows that come in pages; core.schema describes them so."""


def paged(serializer_class: type[serializers.Serializer]) -> Pages:
    """Describe what `listed` answers: rows of a serializer, in pages."""
    return Pages(child=serializer_class())


def listed(
    request: Request,
    found: QuerySet[Any],
    serializer_class: Any,
    *,
    ordering: str = CursorPagination.ordering,
    context: dict[str, Any] | None = None,
) -> Response:
    """Answer with one page of a query, newest first."""
    paginator = CursorPagination()
    paginator.ordering = ordering
    page = paginator.paginate_queryset(found, request)
    return paginator.get_paginated_response(serializer_class(page, many=True, context=context or {}).data)


def deprecated(successor: str, *, since: datetime) -> dict[str, str]:
    """Return the headers of an address that goes on answering while clients change over (RFC 9745): since when, and to which one."""
    return {"Deprecation": f"@{int(since.timestamp())}", "Link": f'<{successor}>; rel="successor-version"'}


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: one shape for domain errors, DRF's own errors, 404, 403 and outages."""
    set_rollback()
    if isinstance(exc, Http404):
        exc = NotFound("There is nothing here, or you may not see it.")
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if isinstance(exc, DomainError):
        return _domain_response(exc)
    if isinstance(exc, exceptions.APIException):
        return _drf_response(exc)
    if isinstance(exc, OUTAGES):
        body = problem(status=503, code="unavailable", detail="A service is restarting. Try again in a moment.")
        return _problem(body, {"Retry-After": "5"})
    return None


def _domain_response(exc: DomainError) -> Response:
    errors = {exc.field: [str(exc.message)]} if exc.field else None
    retry_after_s = getattr(exc, "retry_after_s", None)
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
    return _problem(problem(status=exc.status, code=exc.code, detail=str(exc.message), errors=errors), headers)


def _drf_response(exc: exceptions.APIException) -> Response:
    challenge = getattr(exc, "auth_header", None)
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    wait_s = getattr(exc, "wait", None)
    if wait_s:
        headers["Retry-After"] = str(int(wait_s))
    if isinstance(exc, exceptions.ValidationError):
        errors = _flatten(exc.detail)
        detail = next(iter(errors.values()))[0] if errors else "The input is not valid."
        return _problem(problem(status=422, code="invalid_input", detail=detail, errors=errors), headers)
    code = exc.default_code if isinstance(exc.default_code, str) else "error"
    return _problem(problem(status=exc.status_code, code=code, detail=_first_sentence(exc.detail)), headers)


def _first_sentence(detail: Any) -> str:
    if isinstance(detail, dict):
        return str(detail.get("detail", next(iter(detail.values()), "")))
    return str(detail[0]) if isinstance(detail, list) else str(detail)


def _flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    if isinstance(detail, dict):
        flat: dict[str, list[str]] = {}
        for key, value in detail.items():
            flat |= _flatten(value, f"{prefix}.{key}" if prefix else str(key))
        return flat
    values = detail if isinstance(detail, list) else [detail]
    return {prefix or "non_field_errors": [str(value) for value in values]}


def _problem(body: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(body, status=body["status"], headers=headers, content_type="application/problem+json")
