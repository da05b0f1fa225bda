"""API keys and service accounts."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.forms import KeyForm, ServiceAccountForm
from apps.accounts.models import ApiKey, Program, User
from apps.accounts.scopes import PROGRAM_PATH
from apps.accounts.services import keys, programs
from apps.core.errors import Forbidden, InvalidInput

PAGE_SIZE = 30


@require_http_methods(["GET", "POST"])
def key_list(request: HttpRequest) -> HttpResponse:
    """GET lists keys; POST makes one and shows its text, this once."""
    user: Any = request.user
    form = KeyForm(request.POST if request.method == "POST" else None, actor=user)
    context: dict[str, Any] = {"form": form, "made": None}
    if request.method == "POST" and form.is_valid():
        try:
            context["made"] = _make(user, form.cleaned_data)
            context["form"] = KeyForm(actor=user)
        except InvalidInput as error:
            form.add_error(error.field, str(error.message))
    context |= {**_list_context(request), "service_form": ServiceAccountForm(actor=user)}
    response = render(request, "accounts/key_list.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


def _list_context(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    services = User.objects.visible_to(user).service_accounts().prefetch_related("groups__role")
    keys = Paginator(ApiKey.objects.visible_to(user).select_related("account"), PAGE_SIZE)
    return {
        "page": keys.get_page(request.GET.get("page")),
        "services": services,
        "programs": Program.objects.filter(account=user).select_related("account"),
        "are_let_in": programs.are_let_in(),
        "mcp": request.build_absolute_uri(PROGRAM_PATH),
    }


def _make(user: User, values: dict[str, Any]) -> keys.NewKey:
    life = values["life"]
    return keys.make_key(
        actor=user,
        name=values["name"],
        scopes=values["scopes"],
        account=values["account"],
        addresses=values["addresses"].split(","),
        must_sign=values["must_sign"],
        expires_at=timezone.now() + timedelta(days=life) if life else None,
    )


@require_POST
def key_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects.visible_to(request.user), pk=pk)
    keys.revoke_key(actor=request.user, key=key)
    messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": key.name})
    return redirect("keys")


@require_POST
def key_rotate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a new key in the place of one, and show its text, this once."""
    user: Any = request.user
    made = keys.rotate_key(actor=user, key=get_object_or_404(ApiKey.objects.visible_to(user), pk=pk))
    context = {"form": KeyForm(actor=user), "service_form": ServiceAccountForm(actor=user), "made": made}
    response = render(request, "accounts/key_list.html", {**_list_context(request), **context, "is_rotated": True})
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def service_account_make(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = ServiceAccountForm(request.POST, actor=user)
    if form.is_valid():
        try:
            account = keys.make_service_account(actor=user, name=form.cleaned_data["name"], roles=form.wanted())
        except InvalidInput as error:
            form.add_error(error.field, str(error.message))
        except Forbidden as error:
            if not error.field:
                raise
            form.add_error(error.field, str(error.message))
        else:
            messages.success(request, _("“%(name)s” is there. Make a key for it.") % {"name": account.name})
            return redirect("keys")
    context = {**_list_context(request), "form": KeyForm(actor=user), "service_form": form}
    return render(request, "accounts/key_list.html", context, status=422)
