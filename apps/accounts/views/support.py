"""The platform's support: letting it in and putting it out, and its way in."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.forms import SupportForm
from apps.accounts.services import support
from apps.accounts.services.security import SUPPORT
from apps.core.errors import Conflict, InvalidInput
from apps.core.permissions import require
from apps.core.tenancy import public_context
from apps.tenants.models import SupportAccess

PAGE_SIZE = 20
BACKEND = "apps.accounts.backends.PasswordBackend"


@require_http_methods(["GET", "POST"])
def support_list(request: HttpRequest) -> HttpResponse:
    """GET shows whether support may come in and when it could; POST lets it in."""
    require(request.user, support.RIGHT)
    form = SupportForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            support.allow(actor=request.user, **form.cleaned_data)
        except (InvalidInput, Conflict) as error:
            form.add_error(error.field or None, str(error.message))
            status = error.status
        else:
            messages.success(request, _("Support may come in."))
            return redirect("support")
    found = support.accesses()
    with public_context():
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        rows = list(page)
    context = {"form": form, "page": page, "rows": rows, "is_open": any(row.is_open for row in rows)}
    return render(request, "accounts/support.html", context, status=422 if form.errors and status == 200 else status)


@require_POST
def support_end(request: HttpRequest, pk: Any) -> HttpResponse:
    require(request.user, support.RIGHT)
    found = support.accesses()
    with public_context():
        access: SupportAccess = get_object_or_404(found, pk=pk)
    support.end(actor=request.user, access=access)
    messages.success(request, _("Support is out."))
    return redirect("support")


@login_not_required
@require_http_methods(["GET", "POST"])
def support_enter(request: HttpRequest, ticket: str) -> HttpResponse:
    """GET shows what an operator is about to enter; POST uses the ticket and begins the visit."""
    if request.method == "GET":
        return render(request, "accounts/support_enter.html", {"access": support.peek(ticket)})
    user, access = support.enter(ticket)
    login(request, user, backend=BACKEND)
    request.session[SUPPORT] = str(access.pk)
    request.session.set_expiry(access.expires_at)
    return redirect("home")
