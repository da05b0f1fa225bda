"""Requests to receivers of people's own, signed as https://www.standardwebhooks.com/ says."""

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from typing import Any

import httpx2
import orjson
from django.conf import settings

from apps.core.http import guarded_client

SECRET = "whsec_"  # noqa: S105  how the standard has secrets begin
SIGNATURE = "webhook-signature"
TIMEOUT_S = 15.0
DELAYS_S = (5.0, 60.0, 600.0)
"""Between tries at a receiver that does not answer, in seconds."""


def new_secret() -> str:
    """Return a secret to sign with: 32 random bytes."""
    return SECRET + base64.b64encode(secrets.token_bytes(32)).decode()


def deliver(url: str, *, secret: str, message_id: str, payload: dict[str, Any], former: str = "") -> str:
    """Post a signed message; return why it was not taken, or "". The receiver knows a second one of the same id.

    A `former` secret signs as well, for receivers that have not changed over yet.
    """
    body = orjson.dumps(payload)
    at = int(time.time())
    headers = signed_headers(secret, message_id, at, body)
    if former:
        headers[SIGNATURE] += " " + signed_headers(former, message_id, at, body)[SIGNATURE]
    try:
        status = asyncio.run(_post(url, body, headers))
    except httpx2.HTTPError as error:
        return f"{type(error).__name__}: {error}"[:300]
    return "" if 200 <= status < 300 else f"The receiver answered {status}."


async def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    opened = guarded_client(allowed=settings.PROVIDER_PRIVATE_HOSTS, timeout_s=TIMEOUT_S)
    async with opened as client, client.stream("POST", url, content=body, headers=headers) as response:
        return response.status_code


def signed_headers(secret: str, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """Return the headers of a request: id, time (seconds since 1970) and HMAC-SHA256 over both and the body."""
    key = base64.b64decode(secret.removeprefix(SECRET))
    digest = hmac.digest(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "user-agent": "Guildhall",
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        SIGNATURE: f"v1,{base64.b64encode(digest).decode()}",
    }
