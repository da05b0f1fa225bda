"""Pages of projects: what there is, one with what is assigned to it, its settings."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.services.sharing import grants_on, may_manage
from apps.core.errors import Conflict, DomainError
from apps.core.htmx import page_or_part
from apps.core.models import is_uuid
from apps.core.permissions import require
from apps.projects import services
from apps.projects.forms import ProjectForm
from apps.projects.models import Project
from apps.projects.registry import Assignable, assignable, assignables
from apps.tenants.models import OptionValue
from apps.tenants.options import Option
from apps.tenants.views.settings import answer

PAGE_SIZE = 25


@require_GET
def project_list(request: HttpRequest) -> HttpResponse:
    """The projects that somebody is in, or may see."""
    words, is_archive = request.GET.get("q", "").strip(), request.GET.get("archive") == "1"
    found = Project.objects.visible_to(request.user).matching(words)
    found = found.exclude(archived_at=None) if is_archive else found.current()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "words": words, "is_archive": is_archive}
    return page_or_part(request, "projects/project_list.html", "projects/_projects.html", context)


@require_http_methods(["GET", "POST"])
def project_new(request: HttpRequest) -> HttpResponse:
    require(request.user, services.ADD)
    form = ProjectForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            project = services.begin_project(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error("name", str(error.message))
        else:
            return redirect("project", project.pk)
    return render(request, "projects/project_edit.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def project_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A project with its members and what is assigned to it, as far as the person reaches that."""
    project = _seen(request, pk)
    is_manager = may_manage(request.user, project)
    context = {
        "project": project,
        "is_manager": is_manager,
        "parts": [_part(request, project, kind, is_manager=is_manager) for kind in assignables()],
        "members": grants_on(project),
        "levels": project.LEVELS,
    }
    return render(request, "projects/project_detail.html", context)


def _seen(request: HttpRequest, pk: UUID) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user), pk=pk)


def _part(request: HttpRequest, project: Project, kind: Assignable, *, is_manager: bool) -> dict[str, Any]:
    assigned = kind.assigned_to(project)
    rows = assigned if is_manager else kind.rows().visible_to(request.user).filter(projects=project)
    others = kind.rows().manageable_by(request.user).exclude(pk__in=assigned) if is_manager else []
    opens = Project.objects.reached_by(request.user, kind.opens_at).filter(pk=project.pk).exists()
    things = [{"thing": row, "address": kind.address(project, row) if opens else ""} for row in rows]
    return {"kind": kind, "things": things, "others": others}


@require_http_methods(["GET", "POST"])
def project_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    project = _seen(request, pk)
    services.require_manager(request.user, project)
    form = ProjectForm(request.POST if request.method == "POST" else None, row=project)
    if request.method == "POST" and form.is_valid():
        try:
            services.describe_project(actor=request.user, project=project, **form.cleaned_data)
        except DomainError as error:
            form.add_error("name", str(error.message))
        else:
            return redirect("project", pk)
    context = {"form": form, "project": project}
    return render(request, "projects/project_edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def project_settings(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is set for one project instead of for the whole organisation."""
    project = _seen(request, pk)
    services.require_manager(request.user, project)

    def store(option: Option, value: Any) -> None:
        services.set_project_option(actor=request.user, project=project, option=option, value=value)

    context = {"project": project}
    level = OptionValue.Level.PROJECT
    return answer(request, "projects/project_settings.html", level=level, pk=pk, store=store, context=context)


@require_POST
def project_archive(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Archive a project, or (`undo=1`) take it out again."""
    project, is_archived = _seen(request, pk), request.POST.get("undo") != "1"
    services.archive_project(actor=request.user, project=project, is_archived=is_archived)
    message = _("“%(name)s” is archived.") if is_archived else _("“%(name)s” is out of the archive.")
    messages.success(request, message % {"name": project.name})
    return redirect("project", pk)


@require_POST
def project_assign(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """Assign the `thing` that was chosen."""
    project, chosen = _seen(request, pk), request.POST.get("thing", "")
    found = _kind(kind)
    if not is_uuid(chosen):
        messages.error(request, _("Choose what is to be assigned."))
        return redirect("project", pk)
    thing = get_object_or_404(found.rows().visible_to(request.user), pk=chosen)
    try:
        services.assign(actor=request.user, project=project, kind=found, thing=thing)
    except Conflict as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("“%(name)s” is assigned.") % {"name": thing})
    return redirect("project", pk)


@require_POST
def project_release(request: HttpRequest, pk: UUID, kind: str, thing_pk: UUID) -> HttpResponse:
    project, found = _seen(request, pk), _kind(kind)
    thing = get_object_or_404(found.assigned_to(project), pk=thing_pk)
    services.release(actor=request.user, project=project, kind=found, thing=thing)
    messages.success(request, _("“%(name)s” is no longer in the project.") % {"name": thing})
    return redirect("project", pk)


def _kind(key: str) -> Assignable:
    found = assignable(key)
    if found is None:
        raise Http404
    return found
