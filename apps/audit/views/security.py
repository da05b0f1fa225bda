"""Security events: what deserves a look, by severity, until somebody has handled it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.audit.actions import Severity, security_kinds
from apps.audit.models import SecurityEvent
from apps.audit.rendering import HEIGHT, WIDTH, stacked
from apps.audit.services import security
from apps.audit.types import SecuritySearch

PAGE_SIZE = 30


def search_of(parameters: Any) -> SecuritySearch:
    """Read a search from the parameters of an address; without any it is for what is open."""
    least = parameters.get("severity", "")
    state = parameters.get("state", "open")
    return SecuritySearch(
        words=parameters.get("q", "").strip()[:200],
        kind=parameters.get("kind", "")[:64],
        least=int(least) if least in {str(value) for value in Severity.values} else 0,
        state=state if state in ("open", "handled") else "",
    )


@require_GET
def security_list(request: HttpRequest) -> HttpResponse:
    search = search_of(request.GET)
    found = security.read(actor=request.user, search=search)
    days = security.by_day(request.user)
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "search": search,
        "counts": [(severity, count) for severity, count in security.open_by_severity(request.user).items()],
        "severities": list(reversed(Severity)),
        "kinds": security_kinds(),
        "days": days,
        "bars": stacked(days),
        "width": WIDTH,
        "height": HEIGHT,
    }
    return render(request, "audit/security_list.html", context)


@require_POST
def security_handle(request: HttpRequest, pk: Any) -> HttpResponse:
    """Mark an event as handled with a note; with `undo` open it again."""
    event = get_object_or_404(SecurityEvent.objects.visible_to(request.user), pk=pk)
    if "undo" in request.POST:
        security.reopen(actor=request.user, event=event)
        messages.success(request, _("The event is open again."))
    else:
        security.handle(actor=request.user, event=event, note=request.POST.get("note", ""))
        messages.success(request, _("The event is marked as handled."))
    return redirect("security")
