"""Pages on which administrators connect services and choose what of them agents may be given."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import DomainError, InvalidInput
from apps.core.permissions import require
from apps.integrations import hooks
from apps.integrations.forms.connections import ConnectionForm
from apps.integrations.models import Connection, Hook, Operation, SignIn
from apps.integrations.services import connections as services

VIEW, CHANGE = "integrations.view_connection", services.CHANGE


@require_GET
def connection_list(request: HttpRequest) -> HttpResponse:
    require(request.user, VIEW)
    rows = [(row, _counts(row)) for row in Connection.objects.prefetch_related("operations")]
    context = {"rows": rows, "may_change": request.user.has_perm(CHANGE)}
    return render(request, "integrations/connection_list.html", context)


def _counts(row: Connection) -> dict[str, int]:
    operations = list(row.operations.all())
    return {
        "all": len(operations),
        "on": sum(operation.is_on for operation in operations),
        "changed": sum(operation.has_changed for operation in operations),
    }


@require_http_methods(["GET", "POST"])
def connection_new(request: HttpRequest) -> HttpResponse:
    require(request.user, CHANGE)
    form = ConnectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        secret, document = form.cleaned_data["secret"], form.cleaned_data["document"]
        try:
            made = services.connect(actor=request.user, values=form.values(), secret=secret, document=document)
        except DomainError as error:
            _blame(form, error)
        else:
            is_open = made.auth != Connection.Auth.OAUTH
            messages.success(request, _("Now choose what agents may be given.") if is_open else _("Now sign in there."))
            return redirect("connection", made.pk)
    status = 422 if form.errors else 200
    return render(request, "integrations/connection_edit.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def connection_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(Connection, pk=pk)
    form = ConnectionForm(request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and form.is_valid():
        secret = form.cleaned_data["secret"] or None
        try:
            services.change_connection(actor=request.user, connection=row, values=form.values(), secret=secret)
        except DomainError as error:
            _blame(form, error)
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": row.name})
            return redirect("connection", pk)
    context = {"form": form, "row": row}
    return render(request, "integrations/connection_edit.html", context, status=422 if form.errors else 200)


def _blame(form: ConnectionForm, error: DomainError) -> None:
    field = error.field or "name"
    form.add_error(field if field in form.fields else "source_url", str(error.message))


@require_http_methods(["GET", "POST"])
def connection_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows what a service does; POST chooses what of it agents may be given."""
    require(request.user, VIEW)
    row = get_object_or_404(Connection, pk=pk)
    if request.method == "POST":
        chosen = {key: request.POST.get(f"risk-{key}", "") for key in request.POST.getlist("on")}
        try:
            services.set_operations(actor=request.user, connection=row, chosen=chosen)
        except InvalidInput as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("Saved. Give these tools to an agent on its page."))
        return redirect("connection", pk)
    context: dict[str, Any] = {"row": row, "operations": row.operations.all(), "risks": Operation.Risk.choices}
    context |= {"counts": _counts(row), "may_change": request.user.has_perm(CHANGE)}
    context |= {"tells": row.kind in hooks.READERS, "hook": Hook.objects.filter(connection=row).first()}
    if row.auth == Connection.Auth.OAUTH:
        context |= {
            "is_oauth": True,
            "sign_in": SignIn.objects.select_related("given_by").filter(connection=row).first(),
        }
    return render(request, "integrations/connection_detail.html", context)


@require_POST
def connection_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Read the service's description anew."""
    require(request.user, CHANGE)
    row = get_object_or_404(Connection, pk=pk)
    try:
        news = services.read_again(actor=request.user, connection=row)
    except InvalidInput as error:
        messages.error(request, str(error.message))
        return redirect("connection", pk)
    if news.changed:
        words = ngettext(
            "%(n)d tool is described otherwise, and off until you look at it.",
            "%(n)d tools are described otherwise, and off until you look at them.",
            len(news.changed),
        )
        messages.warning(request, words % {"n": len(news.changed)})
    else:
        messages.success(request, _("Read: %(new)d new, %(gone)d gone.") % {"new": news.new, "gone": news.gone})
    return redirect("connection", pk)


@require_POST
def connection_test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Try the connection: a part for the page, or the whole page without script."""
    require(request.user, CHANGE)
    row = get_object_or_404(Connection, pk=pk)
    trial = services.try_connection(actor=request.user, connection=row)
    if request.headers.get("HX-Request"):
        return render(request, "integrations/_trial.html", {"trial": trial})
    say = messages.error if trial.problem else messages.success
    say(request, trial.problem or _("The service answers."))
    return redirect("connection", pk)


@require_POST
def connection_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(Connection, pk=pk)
    services.remove_connection(actor=request.user, connection=row)
    messages.success(request, _("“%(name)s” is removed.") % {"name": row.name})
    return redirect("connections")
