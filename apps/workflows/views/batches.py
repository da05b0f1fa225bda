"""Pages of batches: the list, a table to upload, one batch with its rows and its results as a file."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents import composing
from apps.agents.models import Agent
from apps.core.acting import is_done
from apps.core.errors import DomainError
from apps.core.htmx import is_part_wanted
from apps.core.models import is_uuid
from apps.core.permissions import require
from apps.core.spreadsheets import written
from apps.knowledge.parsers import ACCEPTED_IN_FORMS
from apps.workflows.forms.automations import BatchForm, FilesForm
from apps.workflows.models import Batch, BatchItem
from apps.workflows.services import batches as services

PAGE_SIZE, ROWS_PER_PAGE = 20, 50
CSV = "text/csv; charset=utf-8"


@require_GET
def batch_list(request: HttpRequest) -> HttpResponse:
    """A person's own batches, or (`all`) everybody's that they may see."""
    person = request.user
    sees_all = person.has_perm("workflows.view_batch")
    is_all = sees_all and "all" in request.GET
    found = Batch.objects.visible_to(person).with_counts().select_related("agent", "owner")
    page = Paginator(found if is_all else found.filter(owner_id=person.pk), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "sees_all": sees_all, "is_all": is_all, "may_add": person.has_perm(services.ADD)}
    return render(request, "workflows/batch_list.html", context)


@require_http_methods(["GET", "POST"])
def batch_new(request: HttpRequest) -> HttpResponse:
    """Choose an agent, then a table; GET with `empty` gives a file with the right columns."""
    require(request.user, services.ADD)
    usable = Agent.objects.usable_by(request.user).select_related("form")
    chosen = request.POST.get("agent") or request.GET.get("agent", "")
    if not is_uuid(chosen):
        return render(request, "workflows/batch_choose.html", {"agents": usable})
    agent = get_object_or_404(usable, pk=chosen)
    columns = services.columns_for(agent)
    if "empty" in request.GET:
        return _file(written([columns]), f"{agent.name}.csv")
    if services.files_asked_by(agent):
        return _new_of_files(request, agent)
    form = BatchForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            made = services.add_batch(actor=request.user, agent=agent, name=upload.name, data=upload.read())
        except DomainError as error:
            status = error.status
            form.add_error("file", str(error.message))
        else:
            return redirect("batch", made.pk)
    status = 422 if form.errors and status == 200 else status
    context = {"form": form, "agent": agent, "columns": columns}
    return render(request, "workflows/batch_new.html", context, status=status)


def _new_of_files(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Choose the files that an agent is asked about, one by one."""
    asked = composing.form_of(agent)
    form = FilesForm(asked.variables if asked else (), request.POST or None, request.FILES)
    context = {"form": form, "agent": agent, "accepted": ACCEPTED_IN_FORMS, "most": services.MOST_FILES}
    status = 200
    if request.method == "POST" and form.is_valid():
        uploads = request.FILES.getlist("files")
        try:
            made = services.add_batch_of_files(actor=request.user, agent=agent, uploads=uploads, shared=form.shared())
        except DomainError as error:
            status = error.status
            context["refused"] = _blamed(form, error)
        else:
            return redirect("batch", made.pk)
    return render(request, "workflows/batch_files.html", context, status=status)


def _blamed(form: FilesForm, error: DomainError) -> str:
    """Show an error at the field that is alike for all; return it where it is about the files."""
    name = error.field.removeprefix("shared.")
    if name not in form.fields:
        return str(error.message)
    form.add_error(name, str(error.message))
    return ""


@require_GET
def batch_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One batch with its rows, all or (`state`) some."""
    found = Batch.objects.visible_to(request.user).with_counts().select_related("agent__form", "owner", "project")
    batch = get_object_or_404(found, pk=pk)
    state = request.GET.get("state", "")
    rows = batch.items.select_related("run")
    rows = rows.filter(state=state) if state in BatchItem.State.values else rows
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    is_own = batch.owner_id == request.user.pk
    context: dict[str, Any] = {"batch": batch, "page": page, "state": state, "is_own": is_own}
    shown = services.columns_shown(batch)
    context["rows"] = [(item, [(name, item.cells.get(name, "")) for name in shown]) for item in page]
    context["may_stop"] = Batch.objects.stoppable_by(request.user).filter(pk=pk).exists()
    context["ended"] = batch.done + batch.failed + batch.invalid  # type: ignore[attr-defined]
    if batch.state == Batch.State.DRAFT and is_own:
        context["cost"] = services.expected_cost(actor=request.user, batch=batch)
    part = is_part_wanted(request)
    return render(request, "workflows/_batch.html" if part else "workflows/batch_detail.html", context)


@require_POST
def batch_act(request: HttpRequest, pk: UUID, act: str) -> HttpResponse:
    """Start, stop, ask again or remove."""
    batch = get_object_or_404(Batch.objects.visible_to(request.user).select_related("owner", "agent"), pk=pk)
    acts: dict[str, Any] = {
        "start": services.start_batch,
        "stop": services.stop_batch,
        "again": services.ask_again,
        "remove": services.remove_batch,
    }
    if is_done(request, partial(acts[act], batch=batch)) and act == "remove":
        messages.success(request, _("“%(name)s” is removed. Its runs stay.") % {"name": batch})
        return redirect("batches")
    return redirect("batch", pk)


@require_GET
def batch_results(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The table with what came of each row, as far as it is."""
    batch = get_object_or_404(Batch.objects.visible_to(request.user), pk=pk)
    return _file(services.results_of(batch), f"{batch.name.removesuffix('.csv')}-results.csv")


def _file(lines: Any, name: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return HttpResponse("".join(lines), content_type=CSV, headers={"Content-Disposition": disposition})
