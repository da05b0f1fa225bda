"""Which queues have a worker: each pump leaves a mark, health checks look how old it is."""

import time

import redis
from django.conf import settings

from apps.jobs.types import AGENTS, DOCUMENTS

QUEUES = (AGENTS, DOCUMENTS)
KEEP_S = 600


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def leave_mark(queue: str) -> None:
    """Note that a worker of this queue is at work; without Redis nothing is noted."""
    try:
        with _client() as client:
            client.set(f"guildhall:worker:{queue}", time.time(), ex=KEEP_S)
    except redis.RedisError:
        return


def last_beat_age_s(queue: str) -> float | None:
    """Return the seconds since a worker of this queue was last at work, None when none was."""
    with _client() as client:
        mark = client.get(f"guildhall:worker:{queue}")
    return time.time() - float(mark) if mark else None  # type: ignore[arg-type]
