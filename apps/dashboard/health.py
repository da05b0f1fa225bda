"""Health checks for orchestrators: alive, and ready with a time for each part."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from apps.dashboard.parts import all_parts


@login_not_required
@require_GET
def live(request: HttpRequest) -> JsonResponse:
    """200 while the process can answer at all."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_GET
def ready(request: HttpRequest) -> JsonResponse:
    """200 when every part that the main job needs works, else 503; never names a tenant."""
    parts = all_parts()
    is_ready = all(part["ok"] for part in parts.values())
    body = {"status": "ok" if is_ready else "unavailable", "parts": parts}
    return JsonResponse(body, status=200 if is_ready else 503, headers={} if is_ready else {"Retry-After": "5"})
