"""How requests of other protocols come in, and how what is wrong with them is told: as OpenAI's API does, which clients of MCP read as well."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar

import orjson
from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel, ValidationError
from rest_framework.exceptions import AuthenticationFailed

from apps.accounts.authentication import caller_of
from apps.core.errors import DomainError
from apps.core.middleware import OUTAGES
from apps.core.models import is_storable
from apps.core.refusals import protocol_error

T = TypeVar("T", bound=BaseModel)
View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


class Refused(Exception):
    """A request that is answered with an error of the protocol."""

    def __init__(self, status: int, message: str, *, code: str = "", field: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.field = status, message, code, field


def failure(status: int, message: str, *, code: str = "", field: str = "", **headers: str) -> JsonResponse:
    """Answer with an error as OpenAI's API tells it."""
    error = protocol_error(status=status, code=code, words=message, field=field)
    if status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return JsonResponse(error, status=status, headers=headers)


def door(method: str, *, resource: str = "") -> Callable[[View], View]:
    """Make an asynchronous view one of the protocol's: `method` alone, by token or key alone, errors in its shape; it gets the person.

    `resource` names the address that says where programs are let in, which is told to whoever comes without a token (RFC 9728).
    """

    def made(view: View) -> View:
        @csrf_exempt
        @login_not_required
        @wraps(view)
        async def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method != method:
                return failure(405, f"Only {method} is allowed here.", Allow=method)
            try:
                return await _entered(view, request, *args, **kwargs)
            except Refused as error:
                where = (
                    f'Bearer resource_metadata="{request.build_absolute_uri(reverse(resource))}"' if resource else ""
                )
                headers = {"WWW-Authenticate": where} if where and error.status == 401 else {}
                return failure(error.status, error.message, code=error.code, field=error.field, **headers)
            except DomainError as error:
                later = getattr(error, "retry_after_s", None)
                headers = {"Retry-After": str(later)} if later else {}
                status = 400 if error.status == 422 else error.status
                return failure(status, str(error.message), code=error.code, field=error.field, **headers)
            except PermissionDenied as error:
                return failure(403, str(error), code="permission_denied")
            except OUTAGES:
                return failure(503, "A service is restarting. Try again in a moment.", **{"Retry-After": "5"})

        return entered

    return made


def scopes_of(request: HttpRequest) -> list[str] | None:
    """Return how far the key or program reaches that a request came with; None where somebody signed in."""
    found: list[str] | None = getattr(request, "scopes", None)
    return found


async def _entered(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    try:
        person = await sync_to_async(caller_of)(request)
    except AuthenticationFailed as error:
        raise Refused(401, _sentence(error), code="invalid_api_key") from error
    if person is None:
        raise Refused(401, "Send an API key: Authorization: Bearer gh_…", code="invalid_api_key")
    return await view(request, person, *args, **kwargs)


def _sentence(error: AuthenticationFailed) -> str:
    return str(error.detail.get("detail", "")) if isinstance(error.detail, dict) else str(error.detail)


def read(request: HttpRequest, shape: type[T]) -> T:
    """Return the body of a request as a shape. Raises Refused with the first field that does not fit."""
    try:
        body = orjson.loads(request.body)
        if not is_storable(body):
            raise Refused(400, "A text holds a character that cannot be stored.", code="invalid_value")
        return shape.model_validate(body)
    except RequestDataTooBig as error:
        raise Refused(413, "The request is too large.", code="too_large") from error
    except orjson.JSONDecodeError as error:
        raise Refused(400, "The body is not JSON.", code="invalid_json") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise Refused(400, f"{place}: {first['msg']}", code="invalid_value", field=place) from error
