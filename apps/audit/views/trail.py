"""The audit: who did what, to be searched and taken out. Looking at it is written down as well."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from apps.audit.actions import all_actions
from apps.audit.exports import export_response
from apps.audit.services import trail
from apps.audit.types import Search
from apps.core.htmx import is_part_wanted

PAGE_SIZE = 50


def search_of(parameters: Any) -> Search:
    """Read a search from the parameters of an address or form; a day that is none does not narrow anything."""
    return Search(
        words=parameters.get("q", "").strip()[:200],
        action=parameters.get("action", "")[:64],
        actor_id=parameters.get("actor", "")[:64],
        target_id=parameters.get("target", "")[:64],
        since=_day(parameters.get("since", "")),
        until=_day(parameters.get("until", "")),
    )


def _day(text: str) -> Any:
    try:
        return parse_date(text)
    except ValueError:
        return None


@require_GET
def audit_list(request: HttpRequest) -> HttpResponse:
    search = search_of(request.GET)
    page = Paginator(trail.read(actor=request.user, search=search), PAGE_SIZE).get_page(request.GET.get("page"))
    template = "audit/_events.html" if is_part_wanted(request) else "audit/audit_list.html"
    return render(request, template, {"page": page, "search": search, "actions": all_actions()})


@require_POST
def audit_export(request: HttpRequest) -> StreamingHttpResponse:
    """The events that fit the search as a file. POST, for it leaves a record."""
    return export_response(request.user, search_of(request.POST), request.POST.get("format", "csv"))
