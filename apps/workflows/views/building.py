"""The page on which a workflow is written: its settings, what it asks for, its steps; each change is saved at once and can be undone."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.agents.models import Agent
from apps.core.errors import InvalidInput
from apps.core.models import is_uuid
from apps.workflows import crew
from apps.workflows.flows import editing
from apps.workflows.flows.checking import END, scope_before
from apps.workflows.flows.editing import Spot
from apps.workflows.flows.shapes import paths_of
from apps.workflows.flows.steps import AgentStep, Flow, step_named
from apps.workflows.forms.flows import FORMS, KINDS, AgentStepForm, InputForm, SettingsForm
from apps.workflows.models import Workflow
from apps.workflows.services import workflows as services
from apps.workflows.views.workflows import context_of


def _editable(request: HttpRequest, pk: UUID) -> Workflow:
    """Return a workflow that the person may change. Raises Http404, Forbidden."""
    workflow: Workflow = get_object_or_404(Workflow.objects.visible_to(request.user), pk=pk)
    services.require_editor(request.user, workflow)
    return workflow


def _save(request: HttpRequest, workflow: Workflow, flow: Flow, **values: Any) -> None:
    """Save other steps, and keep the former ones for whoever undoes it."""
    request.session[_former(workflow)] = workflow.flow
    services.save_workflow(actor=request.user, workflow=workflow, values={"flow": flow, **values})


def _former(workflow: Workflow) -> str:
    return f"former-flow-{workflow.pk}"


@require_http_methods(["GET", "POST"])
def workflow_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows a workflow with what can be done to each step; POST changes its settings."""
    workflow = _editable(request, pk)
    flow = workflow.written
    known = {"name": workflow.name, "description": workflow.description, "is_active": workflow.is_active}
    data = request.POST if request.method == "POST" else None
    form = SettingsForm(data, initial=known | {"result": flow.result})
    if data is not None and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            _save(request, workflow, flow.model_copy(update={"result": values.pop("result")}), **values)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": values["name"]})
            return redirect("workflow-edit", pk)
    context = context_of(workflow, request.user) | {"form": form, "is_edited": True}
    context["places"] = paths_of(scope_before(flow, "", crew.workers_of(flow, request.user)))
    context["can_undo"] = _former(workflow) in request.session
    return render(request, "workflows/workflow_edit.html", context, status=422 if form.errors else 200)


@require_POST
def workflow_undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put back what stood before this person's last change; twice brings it again."""
    workflow = _editable(request, pk)
    former = request.session.get(_former(workflow))
    if former is None:
        raise Http404
    _save(request, workflow, Flow.model_validate(former))
    messages.success(request, _("The last change is undone."))
    return redirect("workflow-edit", pk)


@require_http_methods(["GET", "POST"])
def input_edit(request: HttpRequest, pk: UUID, name: str = "") -> HttpResponse:
    """Something that is asked for at the start: a new one, or one to change."""
    workflow = _editable(request, pk)
    flow = workflow.written
    known = next((each for each in flow.inputs if each.name == name), None)
    if name and known is None:
        raise Http404
    initial = known.model_dump() | {"choices": ", ".join(known.choices)} if known else {}
    form = InputForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        asked = form.asked(name or editing.free_name(flow, form.cleaned_data["label"], "value"))
        if asked is not None and _took(request, workflow, form, editing.with_input, flow, asked, name):
            return redirect("workflow-edit", pk)
    context = {"workflow": workflow, "form": form, "known": known}
    return render(request, "workflows/input_edit.html", context, status=422 if form.errors else 200)


def _took(request: HttpRequest, workflow: Workflow, form: Any, change: Any, *about: Any) -> bool:
    """Save what a change of the steps comes to; False with the reason shown where that is no workflow."""
    try:
        _save(request, workflow, change(*about))
    except (InvalidInput, ValueError) as error:
        form.add_error(None, str(getattr(error, "message", "")) or _("This is too much for one workflow."))
        return False
    return True


@require_POST
def input_remove(request: HttpRequest, pk: UUID, name: str) -> HttpResponse:
    workflow = _editable(request, pk)
    _save(request, workflow, editing.without_input(workflow.written, name))
    return redirect("workflow-edit", pk)


@require_http_methods(["GET", "POST"])
def step_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Choose a kind of step (and an agent), then say what it does; `in`, `lane` and `at` say where it goes."""
    workflow = _editable(request, pk)
    spot = _spot(request)
    kind = request.GET.get("kind", "")
    place = f"in={spot.holder}&lane={spot.lane}&at={spot.at}"
    context = {"workflow": workflow, "kinds": KINDS, "place": place, "kind": kind}
    chosen = request.GET.get("agent", "")
    if kind == "agent" and not is_uuid(chosen):
        context["agents"] = Agent.objects.usable_by(request.user).select_related("form")
    if kind not in ("agent", *FORMS) or "agents" in context:
        return render(request, "workflows/step_new.html", context)
    flow = workflow.written
    # What stands before a new step is what stands before a step put there.
    probe = AgentStep(name="new_step", agent=UUID(int=0))
    scope = _scope(request, _put(flow, probe, spot), "new_step")
    form = _form(request, kind, chosen, None, scope)
    if request.method == "POST" and form.is_valid():
        step = form.step(editing.free_name(flow, form.cleaned_data["title"], kind))
        if step is not None and _took(request, workflow, form, _put, flow, step, spot):
            return redirect("workflow-edit", pk)
    return _step_page(request, workflow, form, scope, {"kind": kind})


def _put(flow: Flow, step: Any, spot: Spot) -> Flow:
    try:
        return editing.with_step(flow, step, spot)
    except KeyError:
        raise Http404 from None


@require_http_methods(["GET", "POST"])
def step_edit(request: HttpRequest, pk: UUID, name: str) -> HttpResponse:
    """What a step does."""
    workflow = _editable(request, pk)
    flow = workflow.written
    step = step_named(flow, name)
    if step is None:
        raise Http404
    scope = _scope(request, flow, f"{name}{END}" if step.kind == "loop" else name)
    chosen = request.GET.get("agent") or str(getattr(step, "agent", ""))
    form = _form(request, step.kind, chosen, step, scope)
    if request.method == "POST" and form.is_valid():
        other = form.step(name, step)
        if other is not None and _took(request, workflow, form, editing.with_changed, flow, name, lambda _step: other):
            return redirect("workflow-edit", pk)
    return _step_page(request, workflow, form, scope, {"kind": step.kind, "step": step})


@require_POST
def step_act(request: HttpRequest, pk: UUID, name: str, act: str) -> HttpResponse:
    """Move a step up or down in its lane, or take it out with those that it holds."""
    workflow = _editable(request, pk)
    flow = workflow.written
    step = step_named(flow, name)
    if step is None:
        raise Http404
    if act == "remove":
        _save(request, workflow, editing.without_step(flow, name))
        messages.success(request, _("“%(name)s” is taken out. You can undo that.") % {"name": step.words})
    else:
        _save(request, workflow, editing.moved(flow, name, {"up": -1, "down": 1}[act]))
    return redirect("workflow-edit", pk)


def _spot(request: HttpRequest) -> Spot:
    lane, at = request.GET.get("lane", ""), request.GET.get("at", "")
    number = {"lane": int(lane) if lane.isdecimal() else 0, "at": int(at) if at.isdecimal() else 0}
    return Spot(request.GET.get("in", ""), min(number["lane"], 100), min(number["at"], 100))


def _scope(request: HttpRequest, flow: Flow, name: str) -> Any:
    return scope_before(flow, name, crew.workers_of(flow, request.user))


def _form(request: HttpRequest, kind: str, chosen: str, step: Any, scope: Any) -> Any:
    """Return the form of a kind of step; an agent's asks what that agent asks for. Raises Http404 for an agent that one may not ask."""
    data = request.POST if request.method == "POST" else None
    if kind != "agent":
        return FORMS[kind](data, step=step, scope=scope)
    if not is_uuid(chosen):
        raise Http404
    agent = get_object_or_404(Agent.objects.usable_by(request.user).select_related("form"), pk=chosen)
    return AgentStepForm(data, worker=crew.worker_of(agent), agent=agent, step=step, scope=scope)


def _step_page(request: HttpRequest, workflow: Workflow, form: Any, scope: Any, about: dict[str, Any]) -> HttpResponse:
    agents = Agent.objects.usable_by(request.user) if about["kind"] == "agent" else []
    context = about | {"workflow": workflow, "form": form, "places": paths_of(scope), "agents": agents}
    context["words"] = next(title for key, title, _about in KINDS if key == about["kind"])
    return render(request, "workflows/step_edit.html", context, status=422 if form.errors else 200)
