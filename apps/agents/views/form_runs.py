"""The page on which somebody fills in an agent's form, sees what it will cost, and gets the result beside it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.agents.blueprints import Blueprint
from apps.agents.blueprints.registry import blueprint_named
from apps.agents.forms.filling import blame, sent_values, show_kept
from apps.agents.models import Agent, Run
from apps.agents.rendering import result_of
from apps.agents.services import files, form_runs
from apps.agents.types import AskedForm
from apps.core.errors import Conflict, DomainError, InvalidInput, TooManyRequests
from apps.core.htmx import is_part_wanted
from apps.core.models import is_uuid
from apps.knowledge.parsers import ACCEPTED_IN_FORMS
from apps.projects.models import Project
from apps.projects.services import project_of_key
from apps.prompts.forms import ValuesForm

EARLIER = 10


@require_http_methods(["GET", "POST"])
def agent_form(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows the form and (`run`) a run that it started; POST starts one, or with `look` says what it would cost."""
    agent = get_object_or_404(_with_forms(request), pk=pk)
    project = project_of_key(request.user, request.POST.get("project") or request.GET.get("project"))
    asked, run = form_runs.form_for(agent), _chosen_run(request, agent)
    if is_part_wanted(request) and request.method == "GET" and run is not None:
        return render(request, "agents/_form_result.html", {"agent": agent, **_result(run)})
    data, refused = _sent(request, asked)
    initial = _sample(request, asked) if "sample" in request.POST else run.inputs if run else {}
    form = ValuesForm(asked.variables, data, initial=initial, takes_files=True)
    given = {name: form[name].value() for name in form.fields}
    context = {
        "agent": agent,
        "project": project,
        "form": form,
        "asked": asked,
        "accepted": ACCEPTED_IN_FORMS,
        **_result(run),
    }
    if "look" in request.POST:
        context["forecast"] = form_runs.forecast(actor=request.user, agent=agent, given=given, project=project)
        return render(request, "agents/_forecast.html", context)
    started, status = _started(request, agent, form, project, refused)
    if started is not None:
        return redirect(_address(agent, started, project))
    context["forecast"] = form_runs.forecast(actor=request.user, agent=agent, given=given, project=project)
    show_kept(request, form)
    context["earlier"] = _own_runs(request, agent)[:EARLIER]
    context["has_sample"] = bool(_sample_of(asked))
    return render(request, "agents/agent_form.html", context, status=status)


def _started(
    request: HttpRequest, agent: Agent, form: ValuesForm, project: Project | None, refused: dict[str, DomainError]
) -> tuple[Run | None, int]:
    """Start a run with what was sent; None with the status of the page where nothing was, or something is wrong with it."""
    status = 200
    for name, error in refused.items():
        form.add_error(name, str(error.message))
        status = error.status
    if not form.is_bound or not form.is_valid():
        return None, 422 if form.errors and status == 200 else status
    try:
        values = form.values()
        return form_runs.start_form_run(actor=request.user, agent=agent, given=values, project=project), 302
    except (InvalidInput, Conflict, TooManyRequests) as error:
        blame(form, error)
        return None, error.status


def _with_forms(request: HttpRequest) -> Any:
    return Agent.objects.usable_by(request.user).with_forms().select_related("form", "model__provider")


def _own_runs(request: HttpRequest, agent: Agent) -> Any:
    return Run.objects.with_form_of(agent).filter(started_by_id=request.user.pk)


def _sent(request: HttpRequest, asked: AskedForm) -> tuple[Any, dict[str, DomainError]]:
    """Return what was sent, and what was wrong with its files; None: nothing was sent."""
    if request.method != "POST" or "sample" in request.POST:
        return None, {}
    return sent_values(request, asked.variables)


def _sample_of(asked: AskedForm) -> Blueprint | None:
    """Return the blueprint of a form that can be tried with something that comes with it."""
    blueprint = blueprint_named(asked.blueprint)
    return blueprint if blueprint is not None and blueprint.sample else None


def _sample(request: HttpRequest, asked: AskedForm) -> dict[str, str]:
    blueprint = _sample_of(asked)
    return files.sample_values(actor=request.user, blueprint=blueprint) if blueprint is not None else {}


def _chosen_run(request: HttpRequest, agent: Agent) -> Run | None:
    chosen = request.GET.get("run", "")
    return get_object_or_404(_own_runs(request, agent), pk=chosen) if is_uuid(chosen) else None


def _result(run: Run | None) -> dict[str, Any]:
    return {"run": run, **(result_of(run) if run else {})}


def _address(agent: Agent, run: Run, project: Project | None) -> str:
    tail = f"&project={project.pk}" if project else ""
    return f"{reverse('agent-form', args=[agent.pk])}?run={run.pk}{tail}"
