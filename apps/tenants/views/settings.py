"""An organisation's settings: what each is, and where that comes from."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.errors import InvalidInput
from apps.core.permissions import require
from apps.tenants import resolver, services
from apps.tenants.options import Option, all_options


@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """GET shows every option with its origin; POST sets the one named `key` (with `reset`: takes it back), or the `name`."""
    require(request.user, "accounts.manage_settings")
    if request.method == "GET":
        return render(request, "tenants/settings.html", {"rows": _rows()})
    if "name" in request.POST:
        return _rename(request)
    chosen = [option for option in all_options() if option.key == request.POST.get("key")]
    if not chosen:
        return redirect("settings")
    option, typed = chosen[0], request.POST.get("value", "")
    try:
        value = None if "reset" in request.POST else _read(option, typed)
        services.set_option(actor=request.user, option=option, value=value)
    except InvalidInput as error:
        return render(request, "tenants/settings.html", {"rows": _rows(option, typed, error)}, status=422)
    messages.success(request, _("“%(words)s” is saved.") % {"words": option.words})
    return redirect("settings")


def _rename(request: HttpRequest) -> HttpResponse:
    try:
        services.rename_tenant(actor=request.user, name=request.POST["name"])
    except InvalidInput as error:
        return render(request, "tenants/settings.html", {"rows": _rows(), "name_error": error}, status=422)
    messages.success(request, _("The organisation has its new name."))
    return redirect("settings")


def _read(option: Option, typed: str) -> Any:
    if option.kind == "switch":
        return typed == "on"
    if option.kind == "words":
        return typed.split(",")
    return int(typed) if typed.strip().isdecimal() else typed


def _rows(wrong: Option | None = None, typed: str = "", error: InvalidInput | None = None) -> list[dict[str, Any]]:
    rows = []
    for option in all_options():
        found = resolver.resolve(option)
        shown = ", ".join(found.value) if option.kind == "words" else found.value
        is_wrong = option is wrong
        rows.append(
            {
                "option": option,
                "value": typed if is_wrong else shown,
                "origin": found.origin,
                "default": option.default(),
                "error": error if is_wrong else None,
            }
        )
    return rows
