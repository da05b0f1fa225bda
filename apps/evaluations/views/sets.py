"""Pages of evaluation sets: those of an agent, and one with its cases and how it fared."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents.models import Agent
from apps.agents.services.behaviour import require_change
from apps.core.acting import is_done
from apps.core.errors import DomainError
from apps.evaluations.forms import ImportForm, SetForm
from apps.evaluations.models import EvaluationRun, EvaluationSet
from apps.evaluations.services import sets as services

PAGE_SIZE, MOST_RUNS = 30, 12


@require_GET
def agent_evaluations(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The sets of an agent, each with how it fared the last time, and its experiments."""
    agent = changeable(request, pk)
    rows = list(agent.evaluation_sets.with_sizes())
    last = EvaluationRun.objects.with_counts().select_related("version")
    latest = {run.evaluation_set_id: run for run in last.filter(pk__in=_latest(rows))}
    context = {
        "agent": agent,
        "rows": [(row, latest.get(row.pk)) for row in rows],
        "page": Paginator(agent.experiments.all(), PAGE_SIZE).get_page(request.GET.get("page")),
        "has_draft": Agent.objects.filter(draft_of=agent).exists(),
    }
    return render(request, "evaluations/agent_evaluations.html", context)


def _latest(rows: list[Any]) -> list[Any]:
    """Return the keys of the last run of each set."""
    runs = EvaluationRun.objects.filter(evaluation_set__in=rows)
    newest = runs.order_by("evaluation_set_id", "-created_at").distinct("evaluation_set_id")
    return list(newest.values_list("pk", flat=True))


@require_http_methods(["GET", "POST"])
def set_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _edit(request, changeable(request, pk), None)


@require_http_methods(["GET", "POST"])
def set_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = visible_set(request, pk)
    return _edit(request, row.agent, row)


def _edit(request: HttpRequest, agent: Agent, row: EvaluationSet | None) -> HttpResponse:
    form = SetForm(request.POST if request.method == "POST" else None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_set(actor=request.user, values=form.cleaned_data, agent=agent, evaluation_set=row)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else "name", str(error.message))
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("evaluation-set", saved.pk)
    context = {"form": form, "row": row, "agent": agent}
    return render(request, "evaluations/set_edit.html", context, status=422 if form.errors else 200)


@require_GET
def set_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A set with its cases, a page at a time, and its last runs."""
    return set_page(request, visible_set(request, pk))


def set_page(request: HttpRequest, row: EvaluationSet, *, form: ImportForm | None = None) -> HttpResponse:
    """Render a set's page, with the form of a table that could not be read."""
    runs = EvaluationRun.objects.with_counts().filter(evaluation_set=row).select_related("version", "started_by")
    context = {
        "row": row,
        "agent": row.agent,
        "has_draft": Agent.objects.filter(draft_of=row.agent).exists(),
        "page": Paginator(row.cases.all(), PAGE_SIZE).get_page(request.GET.get("page")),
        "runs": runs[:MOST_RUNS],
        "form": form or ImportForm(),
    }
    is_wrong = form is not None and bool(form.errors)
    return render(request, "evaluations/set_detail.html", context, status=422 if is_wrong else 200)


@require_POST
def set_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = visible_set(request, pk)
    if not is_done(request, partial(services.remove_set, evaluation_set=row)):
        return redirect("evaluation-set", pk)
    messages.success(request, _("“%(name)s” is removed.") % {"name": row.name})
    return redirect("evaluations", row.agent_id)


def changeable(request: HttpRequest, pk: UUID) -> Any:
    """Return a published agent that may be changed. Raises Http404, Forbidden."""
    agent = get_object_or_404(Agent.objects.visible_to(request.user), pk=pk)
    require_change(request.user, agent)
    return agent


def visible_set(request: HttpRequest, pk: UUID) -> EvaluationSet:
    """Return a set of an agent that may be changed. Raises Http404."""
    found = EvaluationSet.objects.visible_to(request.user).select_related("agent", "judge", "embedder")
    return get_object_or_404(found, pk=pk)
