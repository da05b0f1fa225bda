"""Signed requests, for API keys that ask for it: whoever only overhears a request can neither change nor repeat it.

The signature is HMAC-SHA256 in hex, under the key's signing secret, over five lines: time (seconds since 1970), nonce, method,
path with query, SHA-256 of the body in hex. It travels in X-Signature, beside X-Signature-Time and X-Signature-Nonce.
"""

import hashlib
import hmac
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from apps.core.errors import Unavailable
from apps.core.tenancy import scoped

DRIFT_S = 300
MAX_NONCE_CHARS = 64


class NotSigned(Exception):
    """The request carries no signature that holds; the sentence is for the client."""


def secret_for(prefix: str) -> str:
    """Return the signing secret of a key: derived, so that no row holds it."""
    return hmac.digest(settings.SECRET_KEY.encode(), scoped("signing", prefix).encode(), hashlib.sha256).hex()


def signature(secret: str, *, moment: str, nonce: str, method: str, path: str, body: bytes) -> str:
    """Sign a request; `path` is the full path with its query."""
    text = "\n".join((moment, nonce, method.upper(), path, hashlib.sha256(body).hexdigest()))
    return hmac.digest(secret.encode(), text.encode(), hashlib.sha256).hex()


def verify(request: HttpRequest, prefix: str) -> None:
    """Check a request's signature, time and nonce. Raises NotSigned, and Unavailable when nonces cannot be checked."""
    moment, nonce = request.headers.get("X-Signature-Time", ""), request.headers.get("X-Signature-Nonce", "")
    given = request.headers.get("X-Signature", "")
    if not (moment.isdecimal() and nonce and given):
        raise NotSigned("This key asks for signed requests: X-Signature, X-Signature-Time and X-Signature-Nonce.")
    if abs(time.time() - int(moment)) > DRIFT_S:
        raise NotSigned("The signature's time is more than five minutes off.")
    right = signature(
        secret_for(prefix),
        moment=moment,
        nonce=nonce,
        method=request.method or "",
        path=request.get_full_path(),
        body=request.body,
    )
    if len(nonce) > MAX_NONCE_CHARS or not hmac.compare_digest(right, given.lower()):
        raise NotSigned("The signature does not fit the request.")
    _spend_nonce(prefix, nonce)


def _spend_nonce(prefix: str, nonce: str) -> None:
    try:
        is_fresh = cache.add(f"nonce:{prefix}:{nonce}", 1, timeout=2 * DRIFT_S + 60)
    except RedisError as error:
        raise Unavailable("Signed requests cannot be checked at the moment.", retry_after_s=10) from error
    if not is_fresh:
        raise NotSigned("This request was made already.")
