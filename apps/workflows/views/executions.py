"""Pages of what workflows come to, and of what waits in them for people."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents.models import FormFile
from apps.core.acting import is_done
from apps.core.errors import Conflict, InvalidInput
from apps.core.htmx import is_part_wanted
from apps.core.markdown import render_blocks
from apps.workflows.forms.flows import DecisionForm
from apps.workflows.models import Execution, ExecutionStep
from apps.workflows.rendering.flows import picture_of
from apps.workflows.services import executions as services

PAGE_SIZE = 20


@require_GET
def execution_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One execution: its picture with how far each step is, what was filled in, and what it came to."""
    found = Execution.objects.visible_to(request.user).select_related("started_by", "workflow")
    execution = get_object_or_404(found, pk=pk)
    rows = list(execution.steps.all())
    mine = set(
        ExecutionStep.objects.for_decision_by(request.user).filter(execution=execution).values_list("pk", flat=True)
    )
    context = {
        "execution": execution,
        "lane": picture_of(execution.written, request.user, rows=rows),
        "tasks": [row for row in rows if row.pk in mine],
        "is_own": execution.started_by_id == request.user.pk,
        "may_stop": Execution.objects.stoppable_by(request.user).filter(pk=pk).exists(),
        "blocks": render_blocks(execution.answer, is_alone=True) if execution.answer else [],
        "given": _given(execution),
    }
    part = is_part_wanted(request)
    return render(request, "workflows/_execution.html" if part else "workflows/execution_detail.html", context)


def _given(execution: Execution) -> list[tuple[str, str]]:
    """Return what was filled in as people read it: of a file its name."""
    asked = execution.written.variables
    keys = [key for each in asked if each.takes_files for key in execution.inputs[each.name].split(",") if key]
    names = {str(file.pk): file.name for file in FormFile.objects.filter(pk__in=keys)}
    values = [(each, execution.inputs[each.name]) for each in asked if execution.inputs[each.name]]
    return [
        (each.title, ", ".join(names.get(key, "–") for key in value.split(",")) if each.takes_files else value)
        for each, value in values
    ]


@require_POST
def execution_act(request: HttpRequest, pk: UUID, act: str) -> HttpResponse:
    """Stop, go on from where it failed, or forget."""
    execution = get_object_or_404(Execution.objects.visible_to(request.user), pk=pk)
    acts = {"stop": services.stop_execution, "again": services.go_on, "remove": services.remove_execution}
    if is_done(request, partial(acts[act], execution=execution)) and act == "remove":
        messages.success(request, _("“%(name)s” is removed. Its runs stay.") % {"name": execution})
        return redirect("workflows")
    return redirect("execution", pk)


@require_GET
def task_list(request: HttpRequest) -> HttpResponse:
    """What waits for this person."""
    found = ExecutionStep.objects.for_decision_by(request.user).select_related("execution__started_by")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "workflows/task_list.html", {"page": page})


@require_http_methods(["GET", "POST"])
def task_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is to be decided, and (POST) the decision."""
    found = (
        ExecutionStep.objects.asked_of(request.user).distinct().select_related("execution__started_by", "answered_by")
    )
    step = get_object_or_404(found, pk=pk)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        said = {"choice": request.POST.get("choice", ""), "comment": form.cleaned_data["comment"]}
        try:
            services.decide(actor=request.user, step=step, **said)
        except (Conflict, InvalidInput) as error:
            status = error.status
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
            step.refresh_from_db()
        else:
            messages.success(request, _("“%(name)s” goes on.") % {"name": step.execution.name})
            return redirect("task", pk)
    context = {
        "step": step,
        "form": form,
        "blocks": render_blocks(step.text, is_alone=True),
        "may_decide": ExecutionStep.objects.for_decision_by(request.user).filter(pk=pk).exists(),
        "sees_execution": Execution.objects.visible_to(request.user).filter(pk=step.execution_id).exists(),
    }
    return render(
        request, "workflows/task_detail.html", context, status=422 if form.errors and status == 200 else status
    )
