"""Members, their roles, and the way in for somebody who was invited."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.forms import AddressForm, InvitationForm, JoinForm, RolesForm
from apps.accounts.models import Invitation, User
from apps.accounts.roles import MEMBER, SYSTEM_ROLES, group_for
from apps.accounts.services import entrance, members, security, single_sign_on
from apps.core.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from apps.core.htmx import page_or_part
from apps.core.limits import client_address, spend
from apps.core.permissions import require
from apps.tenants.options import SIGN_UP_DOMAINS
from apps.tenants.resolver import resolve

PAGE_SIZE = 30


@require_GET
def member_list(request: HttpRequest) -> HttpResponse:
    """People by name, filtered by role and state; open invitations stand above them."""
    return page_or_part(request, "accounts/member_list.html", "accounts/_members.html", _list_context(request))


def _list_context(request: HttpRequest) -> dict[str, Any]:
    require(request.user, "accounts.view_user")
    found = User.objects.visible_to(request.user).matching(request.GET.get("q", "")).prefetch_related("groups__role")
    if request.GET.get("role") in SYSTEM_ROLES:
        found = found.holding(request.GET["role"])
    if request.GET.get("state") in ("active", "suspended"):
        found = found.filter(is_active=request.GET["state"] == "active")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    invitations = Invitation.objects.visible_to(request.user).unanswered().matching(request.GET.get("q", ""))
    open_page = Paginator(invitations.prefetch_related("roles__role"), PAGE_SIZE).get_page(request.GET.get("open"))
    form = InvitationForm(actor=request.user, initial={"roles": [group_for(MEMBER).pk]})
    return {"page": page, "invitations": open_page, "form": form, "system_roles": SYSTEM_ROLES.values()}


@require_POST
def member_invite(request: HttpRequest) -> HttpResponse:
    form = InvitationForm(request.POST, actor=request.user)
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            members.invite(actor=request.user, email=email, roles=form.wanted())
        except (InvalidInput, Forbidden) as error:
            if not error.field:
                raise
            form.add_error(error.field, str(error.message))
        else:
            messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": email})
            return redirect("members")
    context = {**_list_context(request), "form": form}
    return render(request, "accounts/member_list.html", context, status=422)


def _invitation(request: HttpRequest, pk: UUID) -> Invitation:
    return get_object_or_404(Invitation.objects.visible_to(request.user).unanswered(), pk=pk)


@require_POST
def invitation_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    invitation = members.invite_again(actor=request.user, invitation=_invitation(request, pk))
    messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": invitation.email})
    return redirect("members")


@require_POST
def invitation_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    invitation = _invitation(request, pk)
    members.revoke_invitation(actor=request.user, invitation=invitation)
    messages.success(request, _("The invitation of %(email)s is worthless now.") % {"email": invitation.email})
    return redirect("members")


def _member(request: HttpRequest, pk: UUID) -> User:
    return get_object_or_404(User.objects.visible_to(request.user).prefetch_related("groups__role"), pk=pk)


@require_GET
def member_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    member = _member(request, pk)
    return _member_page(request, member, RolesForm(actor=request.user, held=list(member.groups.all())))


def _member_page(
    request: HttpRequest, member: User, form: RolesForm, error: DomainError | None = None, status: int = 200
) -> HttpResponse:
    has_power = all(members.may_grant(request.user, group) for group in member.groups.all())
    context = {"member": member, "form": form, "error": error, "has_power": has_power}
    context["has_second"] = security.has_second_factor(member)
    return render(request, "accounts/member_detail.html", context, status=status)


@require_POST
def member_roles(request: HttpRequest, pk: UUID) -> HttpResponse:
    member = _member(request, pk)
    form = RolesForm(request.POST, actor=request.user, held=list(member.groups.all()))
    if not form.is_valid():
        return _member_page(request, member, form, status=422)
    try:
        members.set_roles(actor=request.user, user=member, roles=form.wanted())
    except (InvalidInput, Conflict) as error:
        return _member_page(request, member, form, error, status=error.status)
    messages.success(request, _("The roles of %(name)s are changed.") % {"name": member})
    return redirect("member", pk=pk)


@require_POST
def member_suspend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Shut somebody out; with `undo=1` let them in again."""
    member = _member(request, pk)
    change = members.restore if request.POST.get("undo") == "1" else members.suspend
    try:
        change(actor=request.user, user=member)
    except Conflict as error:
        member.refresh_from_db()
        form = RolesForm(actor=request.user, held=list(member.groups.all()))
        return _member_page(request, member, form, error, status=error.status)
    return redirect("member", pk=pk)


@require_POST
def member_reset_factors(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the second factors from somebody who lost theirs."""
    member = _member(request, pk)
    security.reset_second_factors(actor=request.user, user=member)
    messages.success(
        request, _("%(name)s signs in with the password alone until they add a factor.") % {"name": member}
    )
    return redirect("member", pk=pk)


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind an invitation's link: name and password, then straight in."""
    if single_sign_on.is_sso_only():
        return redirect("account_login")
    try:
        invitation = members.open_invitation(token)
    except NotFound as error:
        spend(entrance.JOIN_TRIES, client_address(request))
        return render(request, "accounts/invitation_gone.html", {"error": error}, status=404)
    form = JoinForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            user = members.accept_invitation(token=token, **form.cleaned_data, language=get_language() or "")
        except InvalidInput as error:
            form.add_error(error.field, str(error.message))
        else:
            login(request, user, backend="apps.accounts.backends.PasswordBackend")
            return redirect("home")
    context = {"invitation": invitation, "form": form}
    return render(request, "accounts/invitation_accept.html", context, status=422 if form.errors else 200)


@login_not_required
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """For people whose address's domain may join by itself: a link is sent there. Otherwise it says whom to ask."""
    if request.user.is_authenticated:
        return redirect("home")
    domains = resolve(SIGN_UP_DOMAINS).value
    if not domains or single_sign_on.is_sso_only():
        return render(request, "account/signup_closed.html")
    form = AddressForm(request.POST if request.method == "POST" else None)
    is_sent = False
    if request.method == "POST" and form.is_valid():
        try:
            entrance.ask_to_join(address=client_address(request), email=form.cleaned_data["email"])
            is_sent = True
        except InvalidInput as error:
            form.add_error(error.field, str(error.message))
    context = {"form": form, "domains": domains, "is_sent": is_sent}
    return render(request, "accounts/join.html", context, status=422 if form.errors else 200)
