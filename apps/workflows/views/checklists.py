"""Pages of checklists: those that one has to do with, and one with its progress."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents.models import Run
from apps.core.acting import is_done
from apps.core.errors import DomainError
from apps.core.htmx import page_or_part
from apps.workflows.forms.checklists import ItemForm
from apps.workflows.models import Checklist, ChecklistItem
from apps.workflows.services import checklists as services

PAGE_SIZE = 20


@require_GET
def checklist_list(request: HttpRequest) -> HttpResponse:
    """What this person has to do next, and the checklists that they have to do with."""
    found = Checklist.objects.visible_to(request.user).with_progress().select_related("owner", "person")
    own = ChecklistItem.objects.filter(assignee_id=request.user.pk, done_at=None).select_related("checklist")[
        :PAGE_SIZE
    ]
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "workflows/checklist_list.html", {"page": page, "own": own, "today": timezone.localdate()})


@require_POST
def checklist_keep(request: HttpRequest, run: UUID) -> HttpResponse:
    """Keep what a run proposes as a checklist."""
    row = get_object_or_404(Run.objects.visible_to(request.user), pk=run)
    try:
        made = services.keep(actor=request.user, run=row)
    except DomainError as error:
        kept = Checklist.objects.visible_to(request.user).filter(run=row).first()
        messages.error(request, str(error.message))
        return redirect("checklist", kept.pk) if kept else redirect("run", row.pk)
    messages.success(request, _("It is kept. Those who have something to do are told, and reminded."))
    return redirect("checklist", made.pk)


@require_GET
def checklist_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One checklist: its progress, and what is to be done by when and by whom."""
    row = get_object_or_404(_seen(request), pk=pk)
    return page_or_part(request, "workflows/checklist_detail.html", "workflows/_checklist.html", _context(request, row))


def _seen(request: HttpRequest) -> Any:
    return Checklist.objects.visible_to(request.user).with_progress().select_related("owner", "person", "run")


def _context(request: HttpRequest, row: Checklist) -> dict[str, Any]:
    ticked = set(ChecklistItem.objects.ticked_by(request.user).filter(checklist=row).values_list("pk", flat=True))
    items = row.items.select_related("assignee", "done_by")
    return {
        "checklist": row,
        "items": [(item, item.pk in ticked) for item in items],
        "may_change": Checklist.objects.changeable_by(request.user).filter(pk=row.pk).exists(),
        "today": timezone.localdate(),
    }


@require_POST
def checklist_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Remove one with all that stands on it."""
    row = get_object_or_404(_seen(request), pk=pk)
    if is_done(request, partial(services.remove, checklist=row)):
        messages.success(request, _("“%(name)s” is removed.") % {"name": row})
        return redirect("checklists")
    return redirect("checklist", pk)


@require_POST
def item_tick(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that something is done (`done`), or is not."""
    item = get_object_or_404(ChecklistItem.objects.visible_to(request.user), pk=pk)
    is_done(request, partial(services.tick, item=item, is_done="done" in request.POST))
    row = get_object_or_404(_seen(request), pk=item.checklist_id)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "workflows/_checklist.html", _context(request, row))
    return redirect("checklist", row.pk)


@require_http_methods(["GET", "POST"])
def item_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add something to a checklist."""
    row = get_object_or_404(_seen(request), pk=pk)
    services.require_changing(request.user, row)
    return _edited(request, row, None)


@require_http_methods(["GET", "POST"])
def item_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change something on a checklist, or (`remove`) take it off."""
    found = ChecklistItem.objects.visible_to(request.user).select_related("checklist", "assignee")
    item = get_object_or_404(found, pk=pk)
    services.require_changing(request.user, item.checklist)
    if "remove" in request.POST:
        services.remove_item(actor=request.user, item=item)
        return redirect("checklist", item.checklist_id)
    return _edited(request, item.checklist, item)


def _edited(request: HttpRequest, row: Checklist, item: ChecklistItem | None) -> HttpResponse:
    form = ItemForm.of(item, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            if item is None:
                services.add_item(actor=request.user, checklist=row, values=form.cleaned_data)
            else:
                services.change_item(actor=request.user, item=item, values=form.cleaned_data)
        except DomainError as error:
            form.add_error(getattr(error, "field", None) or None, str(error.message))
            status = error.status
        else:
            return redirect("checklist", row.pk)
    status = 422 if form.errors and status == 200 else status
    return render(
        request, "workflows/checklist_item.html", {"form": form, "checklist": row, "item": item}, status=status
    )
