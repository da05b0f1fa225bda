"""Roles, and groups of people."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.forms import GroupForm, RoleForm
from apps.accounts.models import User
from apps.accounts.services import groups, members
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.permissions import require

PAGE_SIZE = 30


@require_GET
def role_list(request: HttpRequest) -> HttpResponse:
    """The roles that there are, what each may do, and how many hold it."""
    require(request.user, "accounts.view_user")
    return render(request, "accounts/role_list.html", {"roles": members.roles_with_rights()})


@require_http_methods(["GET", "POST"])
def role_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The form of a custom role, new or standing."""
    require(request.user, "accounts.manage_roles")
    group = get_object_or_404(Group.objects.filter(role__key=""), pk=pk) if pk else None
    held = groups.rights_of(group) if group else []
    start = {"name": group.name, "description": group.role.description} if group else {}
    form = RoleForm(
        request.POST if request.method == "POST" else None,
        actor=request.user,
        held=held,
        initial=start | {"rights": held},
    )
    if request.method == "POST" and form.is_valid():
        values = {"name": form.cleaned_data["name"], "description": form.cleaned_data["description"]}
        try:
            saved = groups.save_role(actor=request.user, group=group, rights=form.wanted(), **values)
        except (InvalidInput, Forbidden) as error:
            form.add_error(error.field or None, str(error.message))
        else:
            messages.success(request, _("The role “%(name)s” is saved.") % {"name": saved.name})
            return redirect("roles")
    context = {"group": group, "form": form}
    return render(request, "accounts/role_edit.html", context, status=422 if form.errors else 200)


@require_POST
def role_remove(request: HttpRequest, pk: int) -> HttpResponse:
    require(request.user, "accounts.manage_roles")
    group = get_object_or_404(Group.objects.exclude(role=None), pk=pk)
    try:
        groups.remove_role(actor=request.user, group=group)
    except Conflict as error:
        messages.error(request, str(error.message))
        return redirect("role-edit", pk=pk)
    messages.success(request, _("The role is gone."))
    return redirect("roles")


@require_GET
def group_list(request: HttpRequest) -> HttpResponse:
    """Groups of people, with how many are in each."""
    require(request.user, "accounts.view_user")
    found = groups.all_groups().annotate(count=Count("user"))
    for word in request.GET.get("q", "").split():
        found = found.filter(name__icontains=word)
    return render(
        request, "accounts/group_list.html", {"page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))}
    )


@require_http_methods(["GET", "POST"])
def group_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The form of a group, new or standing."""
    require(request.user, "accounts.manage_members")
    group = get_object_or_404(groups.all_groups(), pk=pk) if pk else None
    start: dict[str, Any] = (
        {"name": group.name, "members": list(group.user_set.values_list("pk", flat=True))} if group else {}
    )
    form = GroupForm(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            saved = groups.save_group(actor=request.user, group=group, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error(error.field, str(error.message))
        else:
            messages.success(request, _("The group “%(name)s” is saved.") % {"name": saved.name})
            return redirect("groups")
    chosen = {str(value) for value in form["members"].value() or ()}
    context = {"group": group, "form": form, "people": User.objects.filter(is_active=True), "chosen": chosen}
    return render(request, "accounts/group_edit.html", context, status=422 if form.errors else 200)


@require_POST
def group_remove(request: HttpRequest, pk: int) -> HttpResponse:
    require(request.user, "accounts.manage_members")
    groups.remove_group(actor=request.user, group=get_object_or_404(groups.all_groups(), pk=pk))
    messages.success(request, _("The group is gone, with what was shared with it."))
    return redirect("groups")
