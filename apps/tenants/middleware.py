"""From an HTTP request to its tenant; every other layer only reads the context that this sets."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from apps.core.caller import tenant_of_key
from apps.core.middleware import outage_page
from apps.core.refusals import OTHER_PROTOCOLS, refusal_at
from apps.core.tenancy import PUBLIC, ActiveSchema, public_context, tenant_context
from apps.tenants import hosts, schemas

FOR_PROGRAMS = ("/api/", *OTHER_PROTOCOLS, "/.well-known/agent-card.json", "/openapi.json", "/scim/")
Answer = HttpResponse | ActiveSchema


class TenantMiddleware:
    """Makes the host's tenant active for the request. Unknown host: 404. Half-migrated schema: 503."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if iscoroutinefunction(self.get_response):
            return self._acall(request)
        answer = resolve(request)
        if isinstance(answer, HttpResponse):
            return answer
        request.tenant = answer  # type: ignore[attr-defined]
        with tenant_context(answer):
            return self.get_response(request)

    async def _acall(self, request: HttpRequest) -> HttpResponse:
        answer = await sync_to_async(resolve)(request)
        if isinstance(answer, HttpResponse):
            return answer
        request.tenant = answer  # type: ignore[attr-defined]
        with tenant_context(answer):
            return await self.get_response(request)  # type: ignore[misc]


def resolve(request: HttpRequest) -> Answer:
    """Find what the request belongs to, or the answer that refuses it."""
    if request.path_info.startswith("/health/"):
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF  # type: ignore[attr-defined]
        return PUBLIC
    try:
        return _resolve(request)
    except (OperationalError, InterfaceError):
        return outage_page()


def _resolve(request: HttpRequest) -> Answer:
    host, slug = request.META.get("HTTP_HOST", ""), request.headers.get("X-Tenant", "")
    tenant = hosts.tenant_for_host(host)
    if tenant and slug and slug.lower() != tenant.slug:
        return _refuse(request, 400, "tenant_mismatch", _("The host and the X-Tenant header name different tenants."))
    if not tenant and hosts.is_platform(host):
        slug = slug or tenant_of_key(request.headers.get("Authorization", ""))
        if not slug:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF  # type: ignore[attr-defined]
            return PUBLIC
        if request.path_info.startswith(FOR_PROGRAMS):
            tenant = hosts.tenant_for_slug(slug)
    if not tenant:
        return _refuse(request, 404, "unknown_tenant", _("No organisation lives at this address."))
    if not schemas.is_current(tenant):
        response = _refuse(request, 503, "migrating", _("This organisation is being updated. Try again in a minute."))
        response["Retry-After"] = "30"
        return response
    return tenant


def _refuse(request: HttpRequest, status: int, code: str, sentence: str) -> HttpResponse:
    if told := refusal_at(request.path_info, status=status, code=code, words=sentence):
        return HttpResponse(told[1], status=status, content_type=told[0])
    with public_context():
        return render(request, "errors/plain.html", {"status": status, "sentence": sentence}, status=status)
