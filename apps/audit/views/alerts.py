"""Where alerts go, and what was sent."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.audit.forms import ChannelForm
from apps.audit.models import Alert, AlertChannel
from apps.audit.services import alerts
from apps.audit.services.alerts import NewChannel
from apps.core.errors import Conflict, InvalidInput
from apps.core.permissions import require

PAGE_SIZE = 20


@require_http_methods(["GET", "POST"])
def alert_list(request: HttpRequest) -> HttpResponse:
    """GET shows channels and what was sent; POST adds a channel and shows a webhook's secret, once."""
    require(request.user, alerts.RIGHT)
    if request.method == "GET":
        return _page(request, ChannelForm())
    form = ChannelForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        made = alerts.add_channel(actor=request.user, language=get_language() or "", **form.cleaned_data)
    except (InvalidInput, Conflict) as error:
        form.add_error("target", str(error.message))
        return _page(request, form, status=error.status)
    if made.secret:
        return _page(request, ChannelForm(), made=made)
    messages.success(request, _("Alerts go to %(target)s from now on.") % {"target": made.channel.target})
    return redirect("alerts")


def _page(
    request: HttpRequest, form: ChannelForm, *, made: NewChannel | None = None, status: int = 200
) -> HttpResponse:
    sent = Alert.objects.select_related("channel", "event")
    context = {
        "form": form,
        "made": made,
        "channels": AlertChannel.objects.all(),
        "page": Paginator(sent, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    response = render(request, "audit/alert_list.html", context, status=status)
    if made:
        response["Cache-Control"] = "no-store"
    return response


@require_POST
def alert_remove(request: HttpRequest, pk: Any) -> HttpResponse:
    require(request.user, alerts.RIGHT)
    alerts.remove_channel(actor=request.user, channel=get_object_or_404(AlertChannel, pk=pk))
    messages.success(request, _("No more alerts go there."))
    return redirect("alerts")


@require_POST
def alert_test(request: HttpRequest, pk: Any) -> HttpResponse:
    require(request.user, alerts.RIGHT)
    alerts.try_channel(actor=request.user, channel=get_object_or_404(AlertChannel, pk=pk))
    messages.success(request, _("A trial alert is on its way. What became of it stands below."))
    return redirect("alerts")


@require_POST
def alert_again(request: HttpRequest, pk: Any) -> HttpResponse:
    require(request.user, alerts.RIGHT)
    alerts.send_again(actor=request.user, alert=get_object_or_404(Alert, pk=pk))
    messages.success(request, _("The alert is on its way again."))
    return redirect("alerts")
