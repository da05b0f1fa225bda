"""What operators look after: the parts of the installation, the organisations, their queues; never what is inside them."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.services import support
from apps.dashboard.parts import all_parts
from apps.jobs.models import Job
from apps.tenants import schemas
from apps.tenants.models import SupportAccess, Tenant

PAGE_SIZE = 25
GIVEN_UP_SINCE = timedelta(days=7)


@require_GET
def operations(request: HttpRequest) -> HttpResponse:
    """The state of every part, and of the organisations (`q`: words of the name)."""
    _require_operator(request)
    words = request.GET.get("q", "").strip()[:100]
    found = Tenant.objects.filter(Q(name__icontains=words) | Q(slug__icontains=words)).order_by("name")
    page = Paginator(found.prefetch_related("domains"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "parts": all_parts(),
        "page": page,
        "rows": _rows(list(page)),
        "words": words,
        "accesses": SupportAccess.objects.open().select_related("tenant"),
    }
    return render(request, "dashboard/operations.html", context)


@require_POST
def enter(request: HttpRequest, pk: Any) -> HttpResponse:
    """Show the link by which the operator enters an organisation that lets support in."""
    _require_operator(request)
    access = get_object_or_404(SupportAccess.objects.open().select_related("tenant"), pk=pk)
    operator: Any = request.user
    url = support.ticket_for(operator=operator, access=access)
    response = render(request, "dashboard/operations_enter.html", {"access": access, "url": url})
    response["Cache-Control"] = "no-store"
    return response


def _require_operator(request: HttpRequest) -> None:
    if not request.user.is_superuser:  # type: ignore[union-attr]
        raise PermissionDenied


def _rows(tenants: list[Tenant]) -> list[dict[str, Any]]:
    """Return each organisation with what waits and what was given up there: one question about jobs for the page."""
    queued = Q(state=Job.State.QUEUED)
    given_up = Q(state=Job.State.DEAD, finished_at__gte=timezone.now() - GIVEN_UP_SINCE)
    jobs = Job.objects.filter(tenant_id__in=[tenant.pk for tenant in tenants]).order_by().values("tenant_id")
    counted = {
        row["tenant_id"]: row
        for row in jobs.annotate(
            waiting=Count("pk", filter=queued),
            running=Count("pk", filter=Q(state=Job.State.RUNNING)),
            given_up=Count("pk", filter=given_up),
            oldest=Min("not_before", filter=queued),
        )
    }
    return [
        {
            "tenant": tenant,
            "is_current": tenant.state != Tenant.State.ACTIVE or schemas.is_current(tenant),
            "jobs": counted.get(tenant.pk, {"waiting": 0, "running": 0, "given_up": 0, "oldest": None}),
        }
        for tenant in tenants
    ]
