"""How the API describes itself: what drf-spectacular cannot see from views and serializers."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from apps.core.api import CursorPagination, Pages
from apps.core.endpoints import FIELDS
from apps.core.idempotency import HEADER as IDEMPOTENCY_KEY

_PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "The page that explains it; what follows the `#` is the code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "request_id": {"type": "string", "description": "Names the request in logs and audit, as `X-Request-ID` does."},
        "errors": {
            "type": "object",
            "description": "By field, with status 422.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
_ANSWERS = {
    "401": "Not signed in, or a credential that is not valid",
    "403": "Seen, but not allowed",
    "404": "Not there, or not to be seen",
    "409": "Not possible in the state that it is in",
    "412": "Changed by somebody else since it was read",
    "422": "Input that is not valid, by field",
    "429": "Too many requests; `Retry-After` says when to come back",
    "503": "Something that is needed is away; `Retry-After` says when to come back",
}


class Schema(AutoSchema):
    """AutoSchema that knows which lists come in pages (`core.api.paged`), and which texts may be empty in an answer, and examples."""

    def _get_paginator(self) -> CursorPagination | None:
        found = self.get_response_serializers()
        if isinstance(found, dict):
            found = found[min(found, key=str)]
        return CursorPagination() if isinstance(found, Pages) else None

    def _get_examples(
        self, serializer: Any, direction: str, media_type: str, status_code: str | None = None, extras: Any = None
    ) -> dict[str, Any]:
        """Show what a serializer of input names as its `example`."""
        kind = serializer if isinstance(serializer, type) else type(serializer)
        shown = vars(kind).get("example") if direction == "request" else None
        found = super()._get_examples(serializer, direction, media_type, status_code, extras)
        return found or ({"Example": {"value": shown}} if shown else {})

    def _map_serializer_field(self, field: Any, direction: str, bypass_extensions: bool = False) -> dict[str, Any]:
        is_text = isinstance(field, serializers.CharField | serializers.ChoiceField)
        if direction == "response" and is_text and field.read_only and _may_be_blank(field):
            field.allow_blank = True
        described = super()._map_serializer_field(field, direction, bypass_extensions)
        if getattr(field, "allow_blank", False) and not isinstance(field, serializers.ChoiceField):
            described = {name: value for name, value in described.items() if name not in ("pattern", "format")}
        return {} if {} in described.get("oneOf", ()) else described  # anything, null included


def _may_be_blank(field: Any) -> bool:
    """Say whether the column behind a read-only field may be empty: REST framework forgets it there."""
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    try:
        return bool(model and getattr(model._meta.get_field(field.source), "blank", False))
    except FieldDoesNotExist:
        return False


def describe_grammar(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Hook of drf-spectacular: what every operation takes and may answer."""
    components = result["components"]
    components.setdefault("schemas", {})["ProblemDetail"] = _PROBLEM
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetail"}}}
    components["responses"] = {
        f"Problem{status}": {"description": words, "content": problem} for status, words in _ANSWERS.items()
    }
    for described in components["schemas"].values():
        described.pop("title", None)  # Pydantic's name of a class, which its two forms would share
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            for status in _refusals(path, method, operation):
                answers.setdefault(status, {"$ref": f"#/components/responses/Problem{status}"})
            answers["default"] = {"description": "Problem", "content": problem}
            _add_parameters(path, method, operations, operation)
    return result


def _refusals(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    has_input = "requestBody" in operation or any(each["in"] == "query" for each in operation.get("parameters", ()))
    is_secured = {} not in operation.get("security", [{}])
    return [
        *(["401", "403"] if is_secured else []),
        *(["404"] if "{" in path else []),
        *(["409"] if method != "get" else []),
        *(["412"] if method in ("put", "patch", "delete") else []),
        *(["422"] if has_input else []),
        "429",
        "503",
    ]


def _add_parameters(path: str, method: str, operations: dict[str, Any], operation: dict[str, Any]) -> None:
    """Add the headers and queries that every endpoint of a method takes, where the view does not name them itself."""
    taken = {
        "post": _header(IDEMPOTENCY_KEY, "The same key within 24 hours is answered once, with the same answer."),
        "get": {
            "in": "query",
            "name": FIELDS,
            "schema": {"type": "string"},
            "description": "Names of the fields to answer with, separated by commas; all when left out.",
        },
    }
    if method in ("put", "patch", "delete") and "get" in operations:
        words = "The `ETag` under which this address was read; 412 when it has changed since."
        taken[method] = _header("If-Match", words)
    added = taken.get(method)
    mine = operation.setdefault("parameters", [])
    if added and added["name"] not in {each["name"] for each in mine} and _is_json(method, operation):
        mine.append(added)


def _is_json(method: str, operation: dict[str, Any]) -> bool:
    return method != "get" or "application/json" in operation["responses"].get("200", {}).get("content", {})


def _header(name: str, words: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "schema": {"type": "string"}, "description": words}
