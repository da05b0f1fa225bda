"""Pages of experiments: begun with an agent's draft, watched, ended."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents.models import Agent
from apps.core.acting import is_done
from apps.core.errors import DomainError
from apps.evaluations.forms import ExperimentForm
from apps.evaluations.measuring import figures_of
from apps.evaluations.models import Experiment
from apps.evaluations.rendering import rows_of
from apps.evaluations.services import experiments as services
from apps.evaluations.views.sets import changeable


@require_http_methods(["GET", "POST"])
def experiment_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new experiment with the agent's draft."""
    agent = changeable(request, pk)
    form = ExperimentForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            row = services.start_experiment(actor=request.user, agent=agent, values=form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
            status = error.status
        else:
            messages.success(request, _("From now on the draft answers some of the people."))
            return redirect("experiment", row.pk)
    context = {"form": form, "agent": agent, "draft": Agent.objects.filter(draft_of=agent).first()}
    status = 422 if form.errors and status == 200 else status
    return render(request, "evaluations/experiment_new.html", context, status=status)


@require_GET
def experiment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How an experiment stands, or what came of it."""
    row = _visible(request, pk)
    figures = row.figures or figures_of(row)
    context = {
        "experiment": row,
        "agent": row.agent,
        "arms": figures["arms"],
        "rows": rows_of(figures["measures"], row.goal),
        "draft": Agent.objects.filter(draft_of=row.agent).first(),
    }
    return render(request, "evaluations/experiment.html", context)


@require_POST
def experiment_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    if is_done(request, partial(services.end_experiment, experiment=_visible(request, pk))):
        messages.success(request, _("It has ended. What is published answers everybody."))
    return redirect("experiment", pk)


def _visible(request: HttpRequest, pk: UUID) -> Any:
    found = Experiment.objects.visible_to(request.user).select_related("agent", "control", "started_by")
    return get_object_or_404(found, pk=pk)
