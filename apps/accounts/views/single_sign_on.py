"""The organisation's single sign-on: setting providers up; closing pages that need passwords where it is the only way in."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.forms import IdentityProviderForm
from apps.accounts.models import IdentityProvider
from apps.accounts.services import single_sign_on
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.permissions import require
from apps.core.tenancy import has_tenant

Kind = IdentityProvider.Kind


def with_passwords(view: Callable[..., Any]) -> Callable[..., Any]:
    """Shut a page that is about passwords where single sign-on is the only way in."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if has_tenant() and single_sign_on.is_sso_only():
            messages.error(request, _("Your organisation signs in through single sign-on alone."))
            return redirect("home" if request.user.is_authenticated else "account_login")
        return view(request, *args, **kwargs)

    return checked


@require_GET
def provider_list(request: HttpRequest) -> HttpResponse:
    """The providers that there are, and how people sign in."""
    require(request.user, "accounts.manage_sign_on")
    context = {"providers": IdentityProvider.objects.all(), "is_sso_only": single_sign_on.is_sso_only()}
    return render(request, "accounts/sso_list.html", context)


@require_http_methods(["GET", "POST"])
def provider_edit(request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
    """The form of a provider; `kind` in the address chooses which one is new."""
    require(request.user, "accounts.manage_sign_on")
    row = get_object_or_404(IdentityProvider, pk=pk) if pk else None
    kind = row.kind if row else request.GET.get("kind", Kind.OIDC.value)
    if kind not in Kind.values:
        kind = Kind.OIDC.value
    form = IdentityProviderForm(request.POST if request.method == "POST" else None, kind=kind, row=row)
    if request.method == "POST" and form.is_valid():
        try:
            single_sign_on.save_provider(
                actor=request.user, values=form.values(), secret=form.cleaned_data.get("secret", ""), provider=row
            )
        except (InvalidInput, Forbidden, Conflict) as error:
            field = {"roles": "group_roles"}.get(error.field, error.field)
            form.add_error(field if field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("Single sign-on is saved. Try it in a private window before you rely on it."))
            return redirect("sso")
    context: dict[str, Any] = {"row": row, "form": form, "kind": kind, "label": Kind(kind).label}
    if row:
        context["addresses"] = addresses_of(request, row)
    return render(request, "accounts/sso_edit.html", context, status=422 if form.errors else 200)


def addresses_of(request: HttpRequest, row: IdentityProvider) -> list[tuple[str, str]]:
    """Return what the provider's own administration asks for: our addresses, with words."""
    if row.kind == Kind.SAML:
        named = [(_("Entity id and metadata"), "saml_metadata"), (_("Assertion consumer service"), "saml_acs")]
        return [(words, request.build_absolute_uri(reverse(name, args=[row.key]))) for words, name in named]
    path = reverse("github_callback") if row.kind == Kind.GITHUB else reverse("openid_connect_callback", args=[row.key])
    return [(_("Redirect address"), request.build_absolute_uri(path))]


@require_POST
def provider_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, "accounts.manage_sign_on")
    try:
        single_sign_on.remove_provider(actor=request.user, provider=get_object_or_404(IdentityProvider, pk=pk))
    except Conflict as error:
        messages.error(request, str(error.message))
    return redirect("sso")
