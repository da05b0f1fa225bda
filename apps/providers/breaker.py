"""A circuit breaker for each provider: after five failures in a row nobody asks it for half a minute, then one caller tries.

It stands in the cache, so every process sees the same; when that is away, everything is let through.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from django.core.cache import cache
from redis.exceptions import RedisError

from apps.providers.errors import Paused, ProviderError, RateLimited, TransientError
from apps.providers.models import Provider

OPENS_AFTER = 5
PAUSE_S = 30
KEEP_S = 3_600


@dataclass(frozen=True)
class Breaker:
    """Where a provider's breaker stands; `retry_in_s` is how long it still lets nobody through, 0 unless open."""

    state: Literal["closed", "open", "half_open"]
    failures: int = 0
    retry_in_s: int = 0


def state_of(provider: Provider) -> Breaker:
    """Look at a provider's breaker without touching it."""
    try:
        known = cache.get_many([_failures(provider), _open_until(provider)])
    except RedisError:
        return Breaker("closed")
    failures, until = known.get(_failures(provider), 0), known.get(_open_until(provider))
    if until is None:
        return Breaker("closed", failures)
    left_s = until - time.time()
    return Breaker("open", failures, max(1, round(left_s))) if left_s > 0 else Breaker("half_open", failures)


@contextmanager
def guarded(provider: Provider) -> Iterator[None]:
    """Ask a provider inside its breaker. Raises Paused while it is open, or half-open with somebody trying already."""
    before = state_of(provider)
    if before.state == "open":
        raise Paused(retry_after_s=before.retry_in_s)
    if before.state == "half_open" and not _is_first_to_try(provider):
        raise Paused(retry_after_s=PAUSE_S)
    try:
        yield
    except ProviderError as error:
        _failed(provider, error)
        raise
    if before.failures:
        reset(provider)


def _failed(provider: Provider, error: ProviderError) -> None:
    """Count what looks like the provider's own trouble; being too fast or asking wrongly is none."""
    if not isinstance(error, TransientError) or isinstance(error, (RateLimited, Paused)):
        return
    try:
        cache.add(_failures(provider), 0, KEEP_S)
        if cache.incr(_failures(provider)) >= OPENS_AFTER:
            cache.set(_open_until(provider), time.time() + PAUSE_S, KEEP_S)
            cache.delete(_trying(provider))
    except (RedisError, ValueError):
        return


def reset(provider: Provider) -> None:
    """Forget all failures."""
    try:
        cache.delete_many([_failures(provider), _open_until(provider), _trying(provider)])
    except RedisError:
        return


def _is_first_to_try(provider: Provider) -> bool:
    try:
        return bool(cache.add(_trying(provider), 1, PAUSE_S))
    except RedisError:
        return True


def _failures(provider: Provider) -> str:
    return f"breaker:{provider.pk}:failures"


def _open_until(provider: Provider) -> str:
    return f"breaker:{provider.pk}:open-until"


def _trying(provider: Provider) -> str:
    return f"breaker:{provider.pk}:trying"
