"""Pages on which administrators put agents on other sites."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import DomainError
from apps.core.permissions import require
from apps.widgets.forms import WidgetForm
from apps.widgets.models import Widget
from apps.widgets.services import widgets as services

VIEW, CHANGE = "widgets.view_widget", services.CHANGE


@require_GET
def widget_list(request: HttpRequest) -> HttpResponse:
    require(request.user, VIEW)
    rows = Widget.objects.select_related("agent").annotate(came=Count("visitors"))
    context = {"rows": rows, "may_change": request.user.has_perm(CHANGE)}
    return render(request, "widgets/widget_list.html", context)


@require_http_methods(["GET", "POST"])
def widget_new(request: HttpRequest) -> HttpResponse:
    require(request.user, CHANGE)
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def widget_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    return _edit(request, get_object_or_404(Widget, pk=pk))


def _edit(request: HttpRequest, row: Widget | None) -> HttpResponse:
    form = WidgetForm(request.POST if request.method == "POST" else None, row=row, actor=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            saved, secret = services.save_widget(actor=request.user, values=form.values(), widget=row)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else "name", str(error.message))
        else:
            if secret:
                return _with_secret(request, saved, secret)
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("widget", saved.pk)
    context = {"form": form, "row": row}
    return render(request, "widgets/widget_edit.html", context, status=422 if form.errors else 200)


def _with_secret(request: HttpRequest, row: Widget, secret: str) -> HttpResponse:
    response = render(request, "widgets/widget_secret.html", {"row": row, "secret": secret})
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def widget_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show where an agent stands, what to put on those pages, and how many came."""
    require(request.user, VIEW)
    row = get_object_or_404(Widget.objects.select_related("agent", "account"), pk=pk)
    context: dict[str, Any] = {"row": row, "collections": services.collections_of(row)}
    context |= {"searched": set(row.agent.knowledge_bases.values_list("pk", flat=True))}
    context |= {"script": request.build_absolute_uri(reverse("widget-script"))}
    context |= {"visitors": row.visitors.annotate(asked=Count("exchanges"))[:10], "came": row.visitors.count()}
    context |= {"may_change": request.user.has_perm(CHANGE)}
    return render(request, "widgets/widget_detail.html", context)


@require_POST
def widget_rotate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the new secret, this once."""
    require(request.user, CHANGE)
    row = get_object_or_404(Widget, pk=pk)
    return _with_secret(request, row, services.rotate_secret(actor=request.user, widget=row))


@require_POST
def widget_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(Widget, pk=pk)
    services.remove_widget(actor=request.user, widget=row)
    messages.success(request, _("“%(name)s” is removed.") % {"name": row.name})
    return redirect("widgets")
