"""Where scripts run: a worker finds out by running one, and says so for the pages, whose own process never runs any."""

import redis
from django.conf import settings

from apps.agents.sandbox import scripts
from apps.agents.sandbox.base import Tier

KEY = "guildhall:scripts"


def here() -> Tier | None:
    """Return where this process may run scripts; None: nowhere."""
    return scripts.tier_of(settings.SANDBOX_IMAGE, settings.SANDBOX_RUNTIME)


def announce() -> None:
    """Find out where this worker runs scripts, and say so to everybody."""
    tier = here()
    try:
        with _client() as client:
            client.set(KEY, tier.name if tier else "")
    except redis.RedisError:
        return


def announced() -> str | None:
    """Return what the worker that started last said: "container", "bubblewrap", "" for nowhere; None: not known."""
    try:
        with _client() as client:
            said = client.get(KEY)
    except redis.RedisError:
        return None
    return bytes(said).decode() if isinstance(said, bytes) else None


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
