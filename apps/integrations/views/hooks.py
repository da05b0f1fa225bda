"""The buttons with which the address that a connected service calls is opened and shut."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core.permissions import require
from apps.integrations.models import Connection
from apps.integrations.services import hooks
from apps.integrations.services.connections import CHANGE


@require_POST
def hook_open(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the address and, this once, its secret."""
    require(request.user, CHANGE)
    row = get_object_or_404(Connection, pk=pk)
    hook, secret = hooks.open_hook(actor=request.user, connection=row)
    context = {"row": row, "address": hook.address, "secret": secret}
    response = render(request, "integrations/hook_opened.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def hook_close(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(Connection, pk=pk)
    hooks.close_hook(actor=request.user, connection=row)
    messages.success(request, _("Its messages are refused from now on."))
    return redirect("connection", pk)
