"""Health checks for people and orchestrators: alive, and ready with a time for each part."""

import shutil
import time
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from apps.core.tenancy import public_context
from apps.jobs.heartbeats import QUEUES, last_beat_age_s
from apps.providers.registry import has_embedding_model
from apps.tenants import schemas
from apps.tenants.models import Tenant

NEEDED_BYTES = 100 << 20
BEAT_LIMIT_S = 30.0
Check = Callable[[], dict[str, Any]]


@login_not_required
@require_GET
def live(request: HttpRequest) -> JsonResponse:
    """200 while the process can answer at all."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_GET
def ready(request: HttpRequest) -> JsonResponse:
    """200 when every part that the main job needs works, else 503; never names a tenant."""
    checks: dict[str, Check] = {
        "database": _database,
        "redis": _redis,
        "workers": _workers,
        "schemas": _schemas,
        "disk": _disk,
        "embeddings": _embeddings,
    }
    parts = {name: _timed(check) for name, check in checks.items()}
    is_ready = all(part["ok"] for part in parts.values())
    body = {"status": "ok" if is_ready else "unavailable", "parts": parts}
    return JsonResponse(body, status=200 if is_ready else 503, headers={} if is_ready else {"Retry-After": "5"})


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


def _embeddings() -> dict[str, Any]:
    """Missing embeddings leave full-text search, so they are told and do not make the instance unready."""
    return {"available": has_embedding_model()}
