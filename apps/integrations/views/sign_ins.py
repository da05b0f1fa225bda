"""Letting us in at a connected service: go there, come back, forget it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import InvalidInput
from apps.core.permissions import require
from apps.integrations.errors import SignInFailed
from apps.integrations.models import Connection
from apps.integrations.services import connections, sign_ins


@require_POST
def sign_in(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show where the person goes on to: a page of the service, which a form of ours may not lead to."""
    require(request.user, connections.CHANGE)
    row = get_object_or_404(Connection, pk=pk)
    try:
        departure = sign_ins.begin(actor=request.user, connection=row)
    except InvalidInput as error:
        messages.error(request, str(error.message))
        return redirect("connection", pk)
    response = render(request, "integrations/connection_sign_in.html", {"row": row, "departure": departure})
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def signed_in(request: HttpRequest) -> HttpResponse:
    """Take what the person brings back from the service, and read what it offers."""
    require(request.user, connections.CHANGE)
    said = request.GET
    try:
        row = sign_ins.finish(
            actor=request.user,
            state=said.get("state", ""),
            code=said.get("code", ""),
            issuer=said.get("iss"),
            refusal=said.get("error_description") or said.get("error", ""),
        )
    except SignInFailed as error:
        messages.error(request, str(error.message))
        return redirect("connections")
    try:
        connections.read_again(actor=request.user, connection=row)
    except InvalidInput as error:
        messages.warning(request, str(error.message))
    else:
        messages.success(request, _("We are let in. Now choose what agents may be given."))
    return redirect("connection", row.pk)


@require_POST
def sign_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, connections.CHANGE)
    row = get_object_or_404(Connection, pk=pk)
    sign_ins.forget(actor=request.user, connection=row)
    messages.success(request, _("The sign-in is forgotten. Agents cannot call it until somebody signs in again."))
    return redirect("connection", pk)
