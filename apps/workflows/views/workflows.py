"""Pages of workflows: the list, a new one, one with its picture and the form that starts it, its settings."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.services.sharing import may_manage
from apps.agents.forms.filling import blame, sent_values, show_kept
from apps.core.errors import Conflict, DomainError, InvalidInput, TooManyRequests
from apps.core.permissions import require
from apps.knowledge.parsers import ACCEPTED_IN_FORMS
from apps.prompts.forms import ValuesForm
from apps.workflows import crew
from apps.workflows.forms.flows import WorkflowForm
from apps.workflows.models import Execution, Workflow
from apps.workflows.patterns import PATTERNS
from apps.workflows.rendering.flows import picture_of
from apps.workflows.services import executions
from apps.workflows.services import workflows as services

PAGE_SIZE = 20


@require_GET
def workflow_list(request: HttpRequest) -> HttpResponse:
    """The workflows that a person may start or change, and what those that they started came to."""
    person = request.user
    found = Workflow.objects.usable_by(person) | Workflow.objects.editable_by(person)
    page = Paginator(found.distinct().order_by("name"), PAGE_SIZE).get_page(request.GET.get("page"))
    sees_all = person.has_perm("workflows.view_execution")
    is_all = sees_all and "all" in request.GET
    recent = Execution.objects.visible_to(person).select_related("started_by")
    recent = recent if is_all else recent.filter(started_by_id=person.pk)
    context = {
        "page": page,
        "sees_all": sees_all,
        "is_all": is_all,
        "recent": recent[:PAGE_SIZE],
        "may_add": person.has_perm(services.ADD),
    }
    return render(request, "workflows/workflow_list.html", context)


@require_http_methods(["GET", "POST"])
def workflow_new(request: HttpRequest) -> HttpResponse:
    """Begin with nothing, or with a pattern."""
    require(request.user, services.ADD)
    pattern = PATTERNS.get(request.POST.get("pattern") or request.GET.get("pattern", ""))
    initial = {"name": pattern.title, "description": pattern.summary} if pattern else {}
    form = WorkflowForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            made = services.begin_workflow(actor=request.user, values=form.cleaned_data, pattern=pattern)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            return redirect("workflow-edit", made.pk)
    status = 422 if form.errors else 200
    context = {"form": form, "pattern": pattern, "patterns": PATTERNS.values()}
    return render(request, "workflows/workflow_new.html", context, status=status)


@require_http_methods(["GET", "POST"])
def workflow_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows a workflow and the form that starts it; POST starts it."""
    workflow = get_object_or_404(Workflow.objects.visible_to(request.user), pk=pk)
    flow = workflow.written
    is_sent = request.method == "POST"
    data, refused = sent_values(request, flow.variables) if is_sent else (None, {})
    form = ValuesForm(flow.variables, data, takes_files=True)
    started, status = _started(request, workflow, form, refused) if is_sent else (None, 200)
    if started is not None:
        return redirect("execution", started.pk)
    show_kept(request, form)
    may_start = Workflow.objects.usable_by(request.user).filter(pk=pk).exists()
    may_change = Workflow.objects.editable_by(request.user).filter(pk=pk).exists()
    own = Execution.objects.visible_to(request.user).filter(workflow=workflow).select_related("started_by")
    problems = crew.problems_for(flow, request.user)
    context = {
        "workflow": workflow,
        "form": form,
        "lane": picture_of(flow, request.user, problems=problems),
        "problems": problems,
        "may_start": may_start,
        "may_change": may_change,
        "may_manage": may_manage(request.user, workflow),
        "page": Paginator(own, PAGE_SIZE).get_page(request.GET.get("page")),
        "accepted": ACCEPTED_IN_FORMS,
    }
    return render(request, "workflows/workflow_detail.html", context, status=status)


def _started(
    request: HttpRequest, workflow: Workflow, form: ValuesForm, refused: dict[str, DomainError]
) -> tuple[Execution | None, int]:
    """Start a workflow with what was sent; None with the status of the page where something is wrong with it."""
    for name, error in refused.items():
        form.add_error(name, str(error.message))
    if not form.is_valid():
        return None, next((error.status for error in refused.values()), 422)
    try:
        return executions.start_execution(actor=request.user, workflow=workflow, given=form.values()), 302
    except (InvalidInput, Conflict, TooManyRequests) as error:
        blame(form, error)
        return None, error.status


@require_POST
def workflow_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    workflow = get_object_or_404(Workflow.objects.visible_to(request.user), pk=pk)
    try:
        services.remove_workflow(actor=request.user, workflow=workflow)
    except Conflict as error:
        messages.error(request, str(error.message))
        return redirect("workflow", pk)
    messages.success(request, _("“%(name)s” is removed. What it came to stays.") % {"name": workflow})
    return redirect("workflows")


@require_POST
def workflow_copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make one like it, to change."""
    workflow = get_object_or_404(Workflow.objects.visible_to(request.user), pk=pk)
    made = services.copy_workflow(actor=request.user, workflow=workflow)
    messages.success(request, _("“%(name)s” is made.") % {"name": made})
    return redirect("workflow-edit", made.pk)


def context_of(workflow: Workflow, person: Any) -> dict[str, Any]:
    """Return what the page on which a workflow is written shows of it."""
    flow = workflow.written
    problems = crew.problems_for(flow, person)
    return {
        "workflow": workflow,
        "flow": flow,
        "problems": problems,
        "lane": picture_of(flow, person, problems=problems),
        "may_manage": may_manage(person, workflow),
    }
