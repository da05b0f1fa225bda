"""Pages on which administrators say who outside is told what happens here, and see what became of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import Conflict, DomainError
from apps.core.permissions import require
from apps.integrations.forms.webhooks import WebhookForm
from apps.integrations.models import Webhook, WebhookDelivery
from apps.integrations.services import webhooks as services

VIEW, CHANGE = "integrations.view_webhook", services.CHANGE
PAGE_SIZE = 20
State = WebhookDelivery.State


@require_GET
def webhook_list(request: HttpRequest) -> HttpResponse:
    require(request.user, VIEW)
    dead = Count("deliveries", filter=Q(deliveries__state=State.DEAD))
    context = {"rows": Webhook.objects.annotate(dead=dead), "may_change": request.user.has_perm(CHANGE)}
    return render(request, "integrations/webhook_list.html", context)


@require_http_methods(["GET", "POST"])
def webhook_new(request: HttpRequest) -> HttpResponse:
    require(request.user, CHANGE)
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def webhook_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    return _edit(request, get_object_or_404(Webhook, pk=pk))


def _edit(request: HttpRequest, row: Webhook | None) -> HttpResponse:
    form = WebhookForm(request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and form.is_valid():
        try:
            saved, secret = services.save_webhook(actor=request.user, values=form.cleaned_data, webhook=row)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else "name", str(error.message))
        else:
            if secret:
                return _with_secret(request, saved, secret)
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("webhook", saved.pk)
    context = {"form": form, "row": row}
    return render(request, "integrations/webhook_edit.html", context, status=422 if form.errors else 200)


def _with_secret(request: HttpRequest, row: Webhook, secret: str) -> HttpResponse:
    response = render(request, "integrations/webhook_secret.html", {"row": row, "secret": secret})
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def webhook_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a webhook and what it was told, newest first; `state` picks what is on its way or was given up."""
    require(request.user, VIEW)
    row = get_object_or_404(Webhook, pk=pk)
    state = request.GET.get("state", "")
    found = row.deliveries.filter(state=state) if state in State.values else row.deliveries.all()
    told = [str(label) for value, label in Webhook.Event.choices if value in row.events]
    context: dict[str, Any] = {"row": row, "told": told, "state": state, "states": State.choices}
    context |= {"page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))}
    context |= {"may_change": request.user.has_perm(CHANGE)}
    return render(request, "integrations/webhook_detail.html", context)


@require_POST
def webhook_rotate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the new secret, this once."""
    require(request.user, CHANGE)
    row = get_object_or_404(Webhook, pk=pk)
    return _with_secret(request, row, services.rotate_secret(actor=request.user, webhook=row))


@require_POST
def webhook_test(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    try:
        services.try_webhook(actor=request.user, webhook=get_object_or_404(Webhook, pk=pk))
    except Conflict as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("A trial is on its way. What became of it stands below."))
    return redirect("webhook", pk)


@require_POST
def webhook_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(Webhook, pk=pk)
    services.remove_webhook(actor=request.user, webhook=row)
    messages.success(request, _("“%(name)s” is removed.") % {"name": row.name})
    return redirect("webhooks")


@require_POST
def delivery_again(request: HttpRequest, message: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(WebhookDelivery.objects.select_related("webhook"), message=message)
    try:
        services.send_again(actor=request.user, delivery=row)
    except Conflict as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("It is on its way again."))
    return redirect("webhook", row.webhook_id)
