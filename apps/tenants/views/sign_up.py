"""Signing an organisation up on the platform's own site."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.errors import InvalidInput
from apps.core.htmx import is_part_wanted
from apps.core.limits import Limit, client_address, spend
from apps.core.links import address_of
from apps.tenants import services
from apps.tenants.forms import SignUpForm
from apps.tenants.models import Tenant

SIGN_UPS = Limit("tenant_sign_up", amount=10, per_s=3600)


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """GET shows the form, or says that this platform's operator creates organisations; POST reserves the address."""
    if not settings.TENANT_SIGN_UP:
        return render(request, "tenants/sign_up_closed.html", status=403)
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        spend(SIGN_UPS, client_address(request))
        try:
            tenant = services.request_tenant(**form.cleaned_data, language=get_language() or "")
        except InvalidInput as error:
            form.add_error(error.field, str(error.message))
        else:
            return redirect("tenant-sign-up-state", pk=tenant.pk)
    status = 422 if form.errors else 200
    return render(request, "tenants/sign_up.html", {"form": form}, status=status)


@login_not_required
@require_GET
def sign_up_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How far the organisation is; asked again each second while it is being set up."""
    tenant = Tenant.objects.filter(pk=pk).first()
    domain = tenant.domains.filter(is_primary=True).first() if tenant else None
    context = {"tenant_state": tenant.state if tenant else "gone", "new": tenant}
    context["address"] = address_of(domain.domain) if domain else ""
    template = "tenants/_sign_up_state.html" if is_part_wanted(request) else "tenants/sign_up_state.html"
    return render(request, template, context, status=200 if tenant else 404)
