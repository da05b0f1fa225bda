"""Sharing of one object, why somebody reaches it, and asking for what a page refused."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.forms import ShareForm
from apps.accounts.grants import Shared
from apps.accounts.models import AccessRequest, User
from apps.accounts.services import groups, requests, sharing
from apps.core.errors import InvalidInput
from apps.core.models import is_uuid
from apps.core.permissions import require

PAGE_SIZE = 30
PEOPLE_IN_LIST = 200  # others by their e-mail


def _managed(request: HttpRequest, model: Any, pk: UUID) -> Any:
    """Return an object that the person sees. Raises Http404, Forbidden when they do not manage it."""
    shared = get_object_or_404(model.objects.visible_to(request.user), pk=pk)
    sharing.require_manage(request.user, shared)
    return shared


@require_http_methods(["GET", "POST"])
def share_page(request: HttpRequest, pk: UUID, model: type[Shared]) -> HttpResponse:
    """GET shows who reaches an object (`why=<person>` explains one); POST gives somebody access."""
    shared = _managed(request, model, pk)
    form = ShareForm(request.POST if request.method == "POST" else None, shared=shared)
    if request.method == "POST" and form.is_valid():
        try:
            to = groups.recipient(form.cleaned_data["email"] or form.cleaned_data["to"])
            level = form.cleaned_data["level"]
            sharing.share(actor=request.user, shared=shared, to=to, level=level, conditions=form.conditions())
        except InvalidInput as error:
            form.add_error({"expires_at": "expires_on"}.get(error.field, error.field), str(error.message))
        else:
            messages.success(request, _("Shared with %(name)s.") % {"name": to})
            return redirect(request.path)
    context = {**_context(request, shared), "form": form}
    return render(request, "accounts/share.html", context, status=422 if form.errors else 200)


def _context(request: HttpRequest, shared: Any) -> dict[str, Any]:
    people = User.objects.filter(is_active=True)
    context: dict[str, Any] = {
        "shared": shared,
        "grants": sharing.grants_on(shared),
        "levels": shared.LEVELS,
        "people": people.order_by("name")[:PEOPLE_IN_LIST],
        "groups": groups.all_groups(),
        "roles": Group.objects.exclude(role=None).select_related("role").order_by("pk"),
    }
    why = request.GET.get("why", "")
    if is_uuid(why):
        context["person"] = get_object_or_404(User, pk=why)
        context["reasons"] = sharing.explain(user=context["person"], shared=shared)
    return context


@require_POST
def share_end(request: HttpRequest, pk: UUID, model: type[Shared]) -> HttpResponse:
    """Take access from a person or group."""
    shared = _managed(request, model, pk)
    to = groups.recipient(request.POST.get("to", ""))
    sharing.unshare(actor=request.user, shared=shared, to=to)
    messages.success(request, _("No longer shared with %(name)s.") % {"name": to})
    return redirect(request.path.removesuffix("end/"))


@require_POST
def share_open(request: HttpRequest, pk: UUID, model: type[Shared]) -> HttpResponse:
    """Open an object to everybody (`open=1`), or shut it."""
    shared = _managed(request, model, pk)
    sharing.set_open(actor=request.user, shared=shared, is_open=request.POST.get("open") == "1")
    return redirect(request.path.removesuffix("open/"))


def share_paths(prefix: str, model: type[Shared], name: str) -> list[Any]:
    """Return the addresses that share objects of a model, `prefix` being the page of one of them."""
    extra = {"model": model}
    return [
        path(f"{prefix}sharing/", share_page, extra, name=f"{name}-sharing"),
        path(f"{prefix}sharing/end/", share_end, extra, name=f"{name}-sharing-end"),
        path(f"{prefix}sharing/open/", share_open, extra, name=f"{name}-sharing-open"),
    ]


@require_POST
def access_ask(request: HttpRequest) -> HttpResponse:
    """Ask for a page that was refused."""
    user: Any = request.user
    asked = requests.ask_for_access(actor=user, path=request.POST.get("path", ""), note=request.POST.get("note", ""))
    return render(request, "accounts/access_asked.html", {"asked": asked})


@require_GET
def request_list(request: HttpRequest) -> HttpResponse:
    """What people miss: open requests first."""
    require(request.user, "accounts.manage_members")
    found = AccessRequest.objects.visible_to(request.user).select_related("asked_by", "answered_by")
    if request.GET.get("state") != "all":
        found = found.open()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "accounts/request_list.html", {"page": page})


@require_POST
def request_answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that access was given (`granted=1`) or not."""
    require(request.user, "accounts.manage_members")
    asked = get_object_or_404(AccessRequest, pk=pk)
    requests.answer_request(actor=request.user, asked=asked, is_granted=request.POST.get("granted") == "1")
    messages.success(request, _("%(name)s is told.") % {"name": asked.asked_by})
    return redirect(reverse("access-requests"))
