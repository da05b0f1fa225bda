"""Translate what services raise into pages."""

import re
from collections.abc import Callable
from uuid import uuid4

import structlog
from django.core.exceptions import BadRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.http import ConditionalGetMiddleware
from django.shortcuts import render
from django_structlog.middlewares import RequestMiddleware
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.core.caller import correlation_id
from apps.core.errors import DomainError
from apps.core.limits import client_address, headers_of

REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}")
OUTAGES = (OperationalError, InterfaceError, RedisConnectionError)


class DomainErrorMiddleware:
    """Turns a DomainError that reached the page layer into its status with a sentence, and an outage into 503."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            response = render(request, "errors/problem.html", {"error": exception}, status=exception.status)
            if retry_after_s := getattr(exception, "retry_after_s", None):
                response["Retry-After"] = str(retry_after_s)
            return response
        if isinstance(exception, OUTAGES):
            return outage_page()
        return None


class ETagMiddleware(ConditionalGetMiddleware):
    """Gives what the API reads an ETag of its content, and answers 304 to who has it already (RFC 9110, 13.1.2)."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not request.path_info.startswith(("/api/", "/openapi.json")):
            return response
        return super().process_response(request, response)


class NullCharacterMiddleware:
    """Refuses (400) addresses with a NUL character: PostgreSQL has no text with one, so nothing can be there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest
        return self.get_response(request)


class RequestLogMiddleware(RequestMiddleware):
    """django-structlog's, with an address that nobody can make up: X-Forwarded-For counts from trusted proxies alone.

    The id that a caller gave its request (`X-Request-ID`) is kept, so that their logs and ours can be laid side by side, if it is one.
    """

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        structlog.contextvars.bind_contextvars(ip=client_address(request))
        if not REQUEST_ID.fullmatch(correlation_id()):
            structlog.contextvars.bind_contextvars(request_id=str(uuid4()))


class RequestIdMiddleware:
    """Tells with each answer by which id logs, audit, jobs and problem details name the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["X-Request-ID"] = correlation_id()
        return response


class RateLimitHeadersMiddleware:
    """Writes what the API's limits left of a request's allowance into the response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        usage = getattr(request, "limit_usage", None)
        if usage is not None:
            for name, value in headers_of(usage).items():
                response[name] = value
        return response


def outage_page() -> HttpResponse:
    """Answer 503 without touching database, cache or session: a static page and Retry-After (5 seconds)."""
    from django.template.loader import render_to_string

    return HttpResponse(render_to_string("errors/503.html"), status=503, headers={"Retry-After": "5"})
