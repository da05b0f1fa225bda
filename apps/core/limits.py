"""How often something may be done: counted in Redis in fixed windows, for the active schema alone."""

import ipaddress
import time
from dataclasses import dataclass
from typing import NoReturn

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from apps.core.errors import TooManyRequests


@dataclass(frozen=True)
class Limit:
    """At most `amount` uses in each window of `per_s` seconds, counted for each `who` apart."""

    name: str
    amount: int
    per_s: int


@dataclass(frozen=True)
class Usage:
    """What is left of a limit, and the seconds until its window ends."""

    limit: Limit
    remaining: int
    reset_s: int


def spend(limit: Limit, who: str) -> Usage:
    """Count one use. Raises TooManyRequests when the window's uses are spent."""
    usage = count(limit, who)
    if usage.remaining < 0:
        refuse(usage)
    return usage


def refuse(usage: Usage) -> NoReturn:
    """Raise TooManyRequests, which says when to come again."""
    raise TooManyRequests(
        _("That was too often. Try again in %(n)d seconds.") % {"n": usage.reset_s}, retry_after_s=usage.reset_s
    )


def headers_of(usage: Usage) -> dict[str, str]:
    """Return the headers that tell clients where they stand (draft-ietf-httpapi-ratelimit-headers)."""
    left = max(0, usage.remaining)
    policy = f'"{usage.limit.name}"'
    return {
        "RateLimit-Policy": f"{policy};q={usage.limit.amount};w={usage.limit.per_s}",
        "RateLimit": f"{policy};r={left};t={usage.reset_s}",
        "X-RateLimit-Limit": str(usage.limit.amount),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(usage.reset_s),
    }


def count(limit: Limit, who: str) -> Usage:
    """Count one use and say what is left; below zero means that it was one too many."""
    now = time.time()
    window = int(now // limit.per_s)
    key = f"limit:{limit.name}:{who}:{window}"
    try:
        cache.add(key, 0, timeout=limit.per_s + 1)
        used = cache.incr(key)
    except (RedisError, ValueError):  # away, or run out in between: nobody is shut out for that
        used = 1
    return Usage(limit, limit.amount - used, max(1, round((window + 1) * limit.per_s - now)))


def client_address(request: HttpRequest) -> str:
    """Return the caller's address; behind N trusted proxies the N-th from the right of X-Forwarded-For."""
    return trusted_address(request.headers.get("X-Forwarded-For", ""), request.META.get("REMOTE_ADDR", ""))


def trusted_address(forwarded_for: str, peer: str) -> str:
    """Choose between what a header says and who is connected, by the number of trusted proxies.

    Return an IP address, or "" for what is none (a Unix socket, a proxy that writes something else).
    """
    hops = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [part.strip() for part in forwarded_for.split(",") if part.strip()]
    found = (forwarded[-hops] if hops and len(forwarded) >= hops else peer).partition("%")[0]
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return ""
