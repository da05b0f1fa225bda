"""From a WebSocket handshake to its tenant, its origin check and its user."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from channels.auth import AuthMiddleware
from channels.db import database_sync_to_async
from channels.generic.websocket import WebsocketConsumer
from channels.sessions import CookieMiddleware, SessionMiddleware
from structlog.contextvars import bound_contextvars

from apps.core.tenancy import tenant_context
from apps.tenants import hosts, schemas
from apps.tenants.models import Tenant

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class Refusal(WebsocketConsumer):
    """Closes a handshake that no tenant or origin stands behind."""

    def connect(self) -> None:
        self.close()


class TenantSocketMiddleware:
    """Makes the host's tenant active for the socket's life, and an id for the logs; the Origin must be that very host.

    Below `ticketed` a ticket opens the socket and no cookie, so any page may; the platform's host has the tenant named.
    """

    def __init__(self, inner: Any, *, ticketed: str) -> None:
        self.ticketed = ticketed
        self.inner = CookieMiddleware(SessionMiddleware(AuthMiddleware(inner)))
        self.refuse = Refusal.as_asgi()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        origin = headers.get(b"origin", b"").decode("latin-1")
        slug = _named(scope) if scope["path"].startswith(self.ticketed) else None
        is_welcome = slug is not None or is_own_origin(origin, host, scope)
        tenant = await database_sync_to_async(_whole_tenant)(host, slug or "") if is_welcome else None
        if tenant is None:
            await self.refuse(scope, receive, send)
            return
        with tenant_context(tenant), bound_contextvars(request_id=str(uuid4())):
            await self.inner(scope, receive, send)


def _named(scope: dict[str, Any]) -> str:
    return parse_qs(scope["query_string"].decode("latin-1")).get("tenant", [""])[0]


def _whole_tenant(host: str, slug: str) -> Tenant | None:
    tenant = hosts.tenant_for_slug(slug) if slug and hosts.is_platform(host) else hosts.tenant_for_host(host)
    return tenant if tenant and schemas.is_current(tenant) else None


def is_own_origin(origin: str, host: str, scope: dict[str, Any]) -> bool:
    """Say whether a page of this very host, scheme and port opened the socket."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment or parts.username:
        return False
    is_secure = scope.get("scheme") == "wss" or dict(scope["headers"]).get(b"x-forwarded-proto") == b"https"
    if (parts.scheme == "https") != is_secure:
        return False
    default_port = 443 if is_secure else 80
    try:
        own = urlsplit(f"//{host}")
        own_port = own.port or default_port
    except ValueError:
        return False
    return bool(own.hostname) and own.hostname == parts.hostname and own_port == (port or default_port)
