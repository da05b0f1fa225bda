"""What SCIM's endpoints share: media types, keys, errors, preconditions, filters, paging, the operations of a PATCH."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404
from rest_framework import exceptions, renderers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from scim2_filter_parser.lexer import SCIMLexer
from scim2_filter_parser.parser import SCIMParserError
from scim2_filter_parser.transpilers.django_q_object import get_query

from apps.accounts.authentication import KeyReaches
from apps.accounts.models import ApiKey
from apps.core.api import JSONParser, problem_response
from apps.core.errors import DomainError
from apps.core.permissions import require

URN = "urn:ietf:params:scim"
USER, GROUP = f"{URN}:schemas:core:2.0:User", f"{URN}:schemas:core:2.0:Group"
LIST, ERROR = f"{URN}:api:messages:2.0:ListResponse", f"{URN}:api:messages:2.0:Error"
MOST, USUAL = 200, 100


class ScimError(Exception):
    """An error in SCIM's words."""

    def __init__(self, status: int, detail: str, kind: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.kind = status, detail, kind


class ScimRenderer(renderers.BaseRenderer):
    media_type = "application/scim+json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str)


class PlainRenderer(ScimRenderer):
    media_type = "application/json"


class ScimParser(JSONParser):
    media_type = "application/scim+json"


class HoldsKey(KeyReaches):
    """Only keys come in here, never a person's own token."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, ApiKey) and super().has_permission(request, view)


class ScimView(APIView):
    """What all of SCIM's endpoints share: media types, keys, errors, preconditions."""

    schema = None  # it describes itself at /scim/v2/Schemas
    permission_classes = (HoldsKey,)
    renderer_classes = (ScimRenderer, PlainRenderer)
    parser_classes = (ScimParser, JSONParser)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require(request.user, "accounts.manage_members")

    def handle_exception(self, exc: Exception) -> Response:
        error = _translated(exc)
        if error is None:
            return super().handle_exception(exc)
        answer = problem_response(exc, {})  # for its headers, and so that nothing half-done is kept
        body: dict[str, Any] = {"schemas": [ERROR], "status": str(error.status), "detail": error.detail}
        if error.kind:
            body["scimType"] = error.kind
        headers = {name: answer[name] for name in ("Retry-After", "WWW-Authenticate") if answer and name in answer}
        return Response(body, status=error.status, headers=headers)

    def body(self) -> dict[str, Any]:
        """Return the request's object. Raises ScimError when it is none."""
        data = self.request.data
        if not isinstance(data, dict):
            raise ScimError(400, "Send one JSON object.", "invalidSyntax")
        return data

    def check_precondition(self, shown: dict[str, Any]) -> None:
        """Raise ScimError (412) when the client changes something that is no longer as it knew it."""
        wanted = self.request.headers.get("If-Match", "*")
        if wanted != "*" and shown["meta"]["version"] not in [tag.strip() for tag in wanted.split(",")]:
            raise ScimError(412, "It was changed in the meantime. Read it again.")

    def one(self, shown: dict[str, Any], status: int = 200) -> Response:
        """Answer with one resource; 304 when the client has it already."""
        version = shown["meta"]["version"]
        headers = {"ETag": version, "Location": shown["meta"]["location"]}
        if status == 200 and self.request.method == "GET" and self.request.headers.get("If-None-Match") == version:
            return Response(status=304, headers=headers)
        return Response(shown, status=status, headers=headers)

    def many(self, found: QuerySet[Any], show: Callable[[Any], dict[str, Any]], filters: Mapping[Any, str]) -> Response:
        """Answer with one page of what fits the filter."""
        if text := self.request.query_params.get("filter"):
            found = _fitting(found, query_of(text, filters))
        start, count = _number(self.request, "startIndex", 1), _number(self.request, "count", USUAL)
        start, count = max(1, start), max(0, min(count, MOST))
        page = [show(one) for one in found[start - 1 : start - 1 + count]] if count else []
        total = found.count()
        body = {
            "schemas": [LIST],
            "totalResults": total,
            "startIndex": start,
            "itemsPerPage": len(page),
            "Resources": page,
        }
        return Response(body)


def _fitting(found: QuerySet[Any], query: Q) -> QuerySet[Any]:
    try:
        return found.filter(query).distinct()
    except (ValidationError, ValueError):  # what stands beside an id can be none
        return found.none()


def _translated(exc: Exception) -> ScimError | None:
    if isinstance(exc, ScimError):
        return exc
    if isinstance(exc, Http404):
        return ScimError(404, "There is nothing here.")
    if isinstance(exc, DomainError):
        kind = "uniqueness" if exc.code == "uniqueness" or exc.field == "name" else ""
        status = {422: 409 if kind else 400}.get(exc.status, exc.status)
        return ScimError(status, str(exc.message), kind or ("invalidValue" if status == 400 else ""))
    if isinstance(exc, exceptions.ParseError):
        return ScimError(400, "This is not JSON.", "invalidSyntax")
    if isinstance(exc, exceptions.APIException):
        return ScimError(exc.status_code, str(exc.detail))
    return None


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name, str(usual))
    if not re.fullmatch(r"-?\d{1,9}", text):
        raise ScimError(400, f"{name} is a number.", "invalidValue")
    return int(text)


def query_of(text: str, filters: Mapping[Any, str]) -> Q:
    """Read a filter. Raises ScimError for one that is none, or that asks for what cannot be searched."""
    try:
        unknown = set(_attributes(text)) - {".".join(p for p in key[:2] if p).lower() for key in filters}
        found = get_query(text, filters) if not unknown else None
    except (SCIMParserError, ValueError, NotImplementedError, AttributeError, TypeError) as error:
        raise ScimError(400, "The filter cannot be read.", "invalidFilter") from error
    if found is None:
        raise ScimError(400, "The filter names what cannot be searched.", "invalidFilter")
    return found


def _attributes(text: str) -> Iterator[str]:
    """Name the attributes in a filter; the library drops those that it does not know, which would find too much."""
    for token in SCIMLexer().tokenize(text):
        if token.type == "ATTRNAME":
            yield token.value.lower()


def with_version(shown: dict[str, Any]) -> dict[str, Any]:
    digest = hashlib.sha256(orjson.dumps(shown, default=str)).hexdigest()[:20]
    shown["meta"]["version"] = f'W/"{digest}"'
    return shown


def truth(value: Any) -> bool:
    """Read a boolean; Entra ID sends it as a word."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ScimError(400, "active is true or false.", "invalidValue")


def text_of(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise ScimError(400, f"{name} is a text.", "invalidValue")
    return value


# -- PATCH -----------------------------------------------------------------------------------------------------

PATH = re.compile(r"(?P<attribute>[A-Za-z][\w$:.\-]*)(\[(?P<filter>[^\]]*)\])?(\.(?P<sub>[A-Za-z]\w*))?")
VALUE = re.compile(r'\s*value\s+eq\s+"([^"]*)"\s*', re.IGNORECASE)


def operations(body: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """Yield (op, attribute in lower case, the `value` of a filter in the path, new value) for each change of a PATCH."""
    operations = body.get("Operations")
    if not isinstance(operations, list) or not operations or len(operations) > 1_000:
        raise ScimError(400, "Operations are missing.", "invalidSyntax")
    for operation in operations:
        op = str(operation.get("op", "")).lower() if isinstance(operation, dict) else ""
        if op not in ("add", "replace", "remove"):
            raise ScimError(400, "op is add, replace or remove.", "invalidSyntax")
        where, value = operation.get("path"), operation.get("value")
        if where:
            yield (op, *_place(str(where)), value)
        elif isinstance(value, dict) and op != "remove":
            for attribute, one in value.items():
                yield (op, *_place(attribute), one)
        else:
            raise ScimError(400, "Say which attribute.", "noTarget")


def _place(text: str) -> tuple[str, str]:
    text = text.removeprefix(f"{USER}:").removeprefix(f"{GROUP}:")
    found = PATH.fullmatch(text)
    if found is None:
        raise ScimError(400, f"{text[:80]} is not a path.", "invalidPath")
    which = VALUE.fullmatch(found["filter"] or "")
    attribute = found["attribute"] + (f".{found['sub']}" if found["sub"] else "")
    return attribute.lower(), which[1].lower() if which else ""
