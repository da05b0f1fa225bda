"""The product's HTTP client: it connects only to addresses it has checked.

Names are resolved here, every address is judged, and the connection goes to that very address, so a name that
changes between check and use (DNS rebinding) gains nothing. Clients follow no redirects; fetch() does, each one checked alike.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore2
import httpx2

from apps.core.errors import InvalidInput

# Reachable by `is_global`'s reading, and yet somebody's inside: NAT64, 6to4, cloud agents, benchmarks.
_INSIDE = [
    ipaddress.ip_network(net)
    for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "168.63.129.16/32", "198.18.0.0/15", "192.88.99.0/24")
]


def is_public_address(address: str) -> bool:
    """Say whether an IP address belongs to the open internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in _INSIDE if net.version == ip.version)


def is_allowed(host: str, port: int, allowed: frozenset[str]) -> bool:
    """Say whether the operator allowed this private host by name, or by name and port."""
    return host.lower() in allowed or f"{host.lower()}:{port}" in allowed


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves, checks and connects."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        address = await self._checked_address(host, port)
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, path: str, *args: Any, **kwargs: Any) -> httpcore2.AsyncNetworkStream:
        raise httpcore2.ConnectError("Unix sockets are not allowed.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _checked_address(self, host: str, port: int) -> str:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore2.ConnectError(f"The name {host} could not be resolved.") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses:
            raise httpcore2.ConnectError(f"The name {host} has no address.")
        if not is_allowed(host, port, self._allowed) and not all(map(is_public_address, addresses)):
            raise httpcore2.ConnectError(f"{host} is a private address, which the operator has not allowed.")
        return addresses[0]


@cache
def _ssl_context() -> ssl.SSLContext:
    return ssl.create_default_context()


class TooLargeAnswer(httpx2.TransportError):
    """More bytes came than the caller wanted to hold."""


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: Any, most_bytes: int) -> None:
        self._stream, self._left = stream, most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise TooLargeAnswer("The answer is larger than allowed.")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _LimitedTransport(httpx2.AsyncHTTPTransport):
    def __init__(self, most_bytes: int) -> None:
        super().__init__(verify=_ssl_context(), retries=0)
        self._most_bytes = most_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        response.stream = _Counted(response.stream, self._most_bytes)
        return response


def guarded_client(*, allowed: frozenset[str], timeout_s: float, most_bytes: int = 64 << 20) -> httpx2.AsyncClient:
    """Build an asynchronous client for public addresses and the `allowed` private hosts; no proxies, no redirects.

    Reading an answer above `most_bytes` (as they come, before decompression) raises TooLargeAnswer.
    """
    transport = _LimitedTransport(most_bytes)
    transport._pool = httpcore2.AsyncConnectionPool(
        ssl_context=_ssl_context(),
        max_connections=512,
        max_keepalive_connections=64,
        keepalive_expiry=30,
        network_backend=GuardedBackend(allowed),
    )
    timeout = httpx2.Timeout(timeout_s, connect=min(timeout_s, 10.0))
    return httpx2.AsyncClient(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False)


@dataclass(frozen=True)
class Fetched:
    """An answer, read to its end: the address that gave it, the status, its headers (lower case) and its bytes."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes


async def fetch(
    method: str,
    url: str,
    *,
    allowed: frozenset[str],
    timeout_s: float,
    most_bytes: int,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    redirects: int = 0,
    may_follow: Callable[[str], bool] = bool,
) -> Fetched:
    """Send one request and read its answer, following up to so many redirects of a GET, without the headers to another origin.

    A redirect that `may_follow` (of its address) refuses is itself the answer.

    Raises InvalidInput for an address that nobody may call, httpx2.HTTPError for what went wrong on the wire.
    """
    sent = dict(headers or {})
    async with guarded_client(allowed=allowed, timeout_s=timeout_s, most_bytes=most_bytes) as client:
        for left in range(redirects, -1, -1):
            check_url(url)
            response = await client.request(method, url, headers=sent, content=content)
            target = response.next_request.url if response.next_request is not None else None
            if target is None or method != "GET" or not left or not may_follow(str(target)):
                return Fetched(str(response.url), response.status_code, dict(response.headers), response.content)
            sent = sent if _origin(target) == _origin(response.url) else {}
            url = str(target)
    raise AssertionError("The last round returns.")


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def check_url(url: str) -> None:
    """Refuse an address that no client of ours would call: scheme, credentials, no host. Raises InvalidInput."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise InvalidInput("This is not an address.", field="base_url") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
        raise InvalidInput("Use an http or https address with a host and without a password.", field="base_url")


def check_destination(url: str, allowed: frozenset[str]) -> None:
    """Resolve an address and refuse private ones, for clients that bring their own connections. Raises InvalidInput.

    A name that changes between this check and the connection gets through, so it is for addresses that administrators set.
    """
    check_url(url)
    parsed = httpx2.URL(url)
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    try:
        addresses = {str(entry[4][0]) for entry in socket.getaddrinfo(parsed.host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise InvalidInput(f"The name {parsed.host} could not be resolved.", field="base_url") from error
    if not is_allowed(parsed.host, port, allowed) and not all(map(is_public_address, addresses)):
        raise InvalidInput(f"{parsed.host} is a private address, which the operator has not allowed.", field="base_url")
