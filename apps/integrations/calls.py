"""Calling a service: the request from an operation and its arguments, the connection's secret, the guarded client."""

import base64
import posixpath
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from apps.core.http import Fetched
from apps.integrations import tokens
from apps.integrations.asking import MOST_BYTES, answered
from apps.integrations.errors import CallFailed
from apps.integrations.models import Connection, Operation

TOLD_CHARS = 20_000
MOST_TRIES, LONGEST_WAIT_S = 3, 10.0
Auth = Connection.Auth


def call(operation: Operation, arguments: Mapping[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Send the request and return {"status", "body"}, the body as JSON or text of at most 20,000 characters.

    Raises CallFailed, whose sentence says what the service answered.
    """
    url, headers, body = request_of(operation, arguments)
    url = authorised(operation.connection, url, headers)
    if operation.method != "GET":
        headers["Idempotency-Key"] = idempotency_key
    answer = answered(operation.method, url, headers, body)
    told = _told(answer)
    if answer.status >= 300:
        raise CallFailed(
            f"The service answered {answer.status}: {told if isinstance(told, str) else orjson.dumps(told).decode()}"[
                :1_000
            ]
        )
    return {"status": answer.status, "body": told}


def send(
    connection: Connection,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    is_repeatable: bool = True,
    most_bytes: int = MOST_BYTES,
) -> Fetched:
    """Ask a service that is known here, and again when it asks to wait a little (429, 503). Raises CallFailed when there is no answer."""
    sent = orjson.dumps(body) if body is not None else None
    about = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if sent is not None else {})
    about |= headers or {}
    url = authorised(connection, f"{connection.base_url.rstrip('/')}{path}", about)
    for attempt in range(1, MOST_TRIES + 1):
        answer = answered(method, url, about, sent, most_bytes=most_bytes)
        wait_s = _wait_s(answer) if is_repeatable and attempt < MOST_TRIES else None
        if wait_s is None:
            break
        time.sleep(wait_s)
    return answer


def _wait_s(answer: Fetched) -> float | None:
    """Return the seconds that a busy server asks to wait, None for one that is not, or asks for too long."""
    if answer.status not in (429, 503):
        return None
    said = answer.headers.get("retry-after", "1")
    wait_s = float(said) if said.replace(".", "", 1).isdigit() else LONGEST_WAIT_S
    return wait_s if wait_s <= LONGEST_WAIT_S else None


def request_of(operation: Operation, arguments: Mapping[str, Any]) -> tuple[str, dict[str, str], bytes | None]:
    """Return address, headers and body, without the secret. Each argument stays one segment, parameter or header: none leads to another path or host."""
    path, headers, body = operation.path, {"Accept": "application/json"}, None
    query: list[tuple[str, str]] = []
    for name, value in arguments.items():
        place, original = operation.places.get(name, ("", ""))
        if place == "path":
            path = path.replace("{" + original + "}", _segment(value))
        elif place == "query":
            query += [(original, _plain(one)) for one in (value if isinstance(value, list) else [value])]
        elif place == "header":
            headers[original] = _line(value)
        elif place == "body":
            body, headers["Content-Type"] = orjson.dumps(value), "application/json"
    base = operation.connection.base_url.rstrip("/")
    tail = f"?{urlencode(query)}" if query else ""
    return f"{base}{path}{tail}", headers, body


def authorised(connection: Connection, url: str, headers: dict[str, str]) -> str:
    """Put the connection's secret into the headers, or return the address with it as a parameter. Raises CallFailed where nobody is signed in."""
    if connection.auth == Auth.OAUTH:
        headers["Authorization"] = f"Bearer {tokens.bearer(connection)}"
        return url
    secret = connection.secret()
    if connection.auth == Auth.QUERY:
        return f"{url}{'&' if '?' in url else '?'}{urlencode({connection.auth_name: secret})}"
    if connection.auth == Auth.BEARER:
        headers["Authorization"] = f"Bearer {secret}"
    elif connection.auth == Auth.HEADER:
        headers[connection.auth_name] = secret
    elif connection.auth == Auth.BASIC:
        pair = base64.b64encode(f"{connection.auth_name}:{secret}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return url


def _segment(value: Any) -> str:
    text = quote(_plain(value), safe="")
    if text in ("", ".", ".."):
        raise CallFailed("An argument of the path is empty or leads elsewhere.")
    return text


def _line(value: Any) -> str:
    text = _plain(value)
    if not text.isprintable() or not text.isascii():
        raise CallFailed("An argument of a header has to be one line of plain letters.")
    return text


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _told(answer: Fetched) -> Any:
    text = answer.body.decode("utf-8", errors="replace")
    if len(text) > TOLD_CHARS:
        return text[:TOLD_CHARS] + " …"
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def joined_address(source_url: str, server: str) -> str:
    """Return where a service is called: the address that its description names, relative to where that was found."""
    if urlsplit(server).scheme in ("http", "https"):
        return server
    found = urlsplit(source_url)
    if found.scheme not in ("http", "https"):
        return ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(found.path) or "/", server)) if server else "/"
    return f"{found.scheme}://{found.netloc}{path}"
