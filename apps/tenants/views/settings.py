"""Settings: what each is, and where that comes from; an organisation's, and (through `answer`) those of something in it."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.errors import InvalidInput
from apps.core.permissions import require
from apps.core.tenancy import current_tenant
from apps.tenants import resolver, services
from apps.tenants.models import OptionValue
from apps.tenants.options import Option, all_options
from apps.tenants.resolver import Place

Store = Callable[[Option, Any], None]


@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """GET shows every option with its origin; POST sets the one named `key` (with `reset`: takes it back), or the `name`."""
    require(request.user, "accounts.manage_settings")
    if "name" in request.POST:
        return _rename(request)

    def store(option: Option, value: Any) -> None:
        services.set_option(actor=request.user, option=option, value=value)

    return answer(request, "tenants/settings.html", level=OptionValue.Level.TENANT, pk=current_tenant().id, store=store)


def answer(
    request: HttpRequest, page: str, *, level: OptionValue.Level, pk: Any, store: Store, context: Any = None
) -> HttpResponse:
    """Show the options that can be set at a level for one object, or set one and come back."""
    options, places = all_options(level.value), [(level, pk)]
    chosen = [option for option in options if option.key == request.POST.get("key")]
    if not chosen:
        rows = _rows(options, places)
        return render(request, page, {"rows": rows, **(context or {})}) if request.method == "GET" else _back(request)
    option, typed = chosen[0], request.POST.get("value", "")
    try:
        store(option, None if "reset" in request.POST else _read(option, typed))
    except InvalidInput as error:
        rows = _rows(options, places, option, typed, error)
        return render(request, page, {"rows": rows, **(context or {})}, status=422)
    messages.success(request, _("“%(words)s” is saved.") % {"words": option.words})
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(request.path)


def _rename(request: HttpRequest) -> HttpResponse:
    try:
        services.rename_tenant(actor=request.user, name=request.POST["name"])
    except InvalidInput as error:
        rows = _rows(all_options(), [])
        return render(request, "tenants/settings.html", {"rows": rows, "name_error": error}, status=422)
    messages.success(request, _("The organisation has its new name."))
    return _back(request)


def _read(option: Option, typed: str) -> Any:
    if option.kind == "switch":
        return typed == "on"
    if option.kind == "words":
        return typed.split(",")
    if option.kind == "choice":
        return typed
    return int(typed) if typed.strip().isdecimal() else typed


def _rows(
    options: Sequence[Option],
    places: Sequence[Place],
    wrong: Option | None = None,
    typed: str = "",
    error: InvalidInput | None = None,
) -> list[dict[str, Any]]:
    rows = []
    here = places[0][0] if places else OptionValue.Level.TENANT
    for option in options:
        found = resolver.resolve(option, places)
        shown = ", ".join(found.value) if option.kind == "words" else found.value
        is_wrong = option is wrong
        rows.append(
            {
                "option": option,
                "value": typed if is_wrong else shown,
                "origin": found.origin,
                "is_here": found.origin == here,
                "default": option.default(),
                "error": error if is_wrong else None,
            }
        )
    return rows
