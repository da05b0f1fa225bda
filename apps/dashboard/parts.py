"""The parts of the installation that the main job needs, each tried for real."""

import shutil
import time
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import connection

from apps.agents import places
from apps.agents.sandbox import interpreter
from apps.core.tenancy import public_context
from apps.jobs.heartbeats import QUEUES, last_beat_age_s
from apps.providers.registry import has_embedding_model
from apps.tenants import schemas
from apps.tenants.models import Tenant

NEEDED_BYTES = 100 << 20
BEAT_LIMIT_S = 30.0
Check = Callable[[], dict[str, Any]]


def all_parts() -> dict[str, dict[str, Any]]:
    """Try every part; each says `ok`, how long that took (`took_ms`), and what it knows besides."""
    checks: dict[str, Check] = {
        "database": _database,
        "redis": _redis,
        "workers": _workers,
        "schemas": _schemas,
        "disk": _disk,
        "embeddings": _embeddings,
        "sandbox": _sandbox,
    }
    return {name: _timed(check) for name, check in checks.items()}


def _timed(check: Check) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        result = {"ok": True, **check()}
    except Exception as error:  # noqa: BLE001  a failing part is the very thing to report
        result = {"ok": False, "error": type(error).__name__}
    return result | {"took_ms": round((time.perf_counter() - started) * 1000, 1)}


def _database() -> dict[str, Any]:
    with public_context(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {}


def _redis() -> dict[str, Any]:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        client.ping()
    return {}


def _workers() -> dict[str, Any]:
    ages = {queue: last_beat_age_s(queue) for queue in QUEUES}
    silent = [queue for queue, age_s in ages.items() if age_s is None or age_s > BEAT_LIMIT_S]
    return {"ok": not silent, "silent": silent}


def _schemas() -> dict[str, Any]:
    with public_context():
        tenants = list(Tenant.objects.filter(state=Tenant.State.ACTIVE))
    return {"ok": all(schemas.is_current(tenant) for tenant in tenants), "tenants": len(tenants)}


def _disk() -> dict[str, Any]:
    free = shutil.disk_usage(settings.DATA_DIR).free
    return {"ok": free > NEEDED_BYTES, "free_mb": free >> 20}


def _sandbox() -> dict[str, Any]:
    """Without it agents run no code; everything else goes on. `scripts` is where the workers run real Python, "" for nowhere."""
    return {"available": interpreter.works(), "tier": "interpreter", "scripts": places.announced()}


def _embeddings() -> dict[str, Any]:
    """Missing embeddings leave full-text search, so they are told and do not make the instance unready."""
    return {"available": has_embedding_model()}
