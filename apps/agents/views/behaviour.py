"""The page on which somebody says how an agent answers, and sees what its model is told."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.agents import composing
from apps.agents.forms import BehaviourForm
from apps.agents.models import Agent
from apps.agents.services import behaviour
from apps.core.errors import DomainError
from apps.prompts.forms import ValuesForm
from apps.prompts.services.library import VIEW as SEES_PROMPTS


@require_http_methods(["GET", "POST"])
def agent_behaviour(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows how an agent answers and what that comes to; POST changes it; with `look` it only shows what would be."""
    agent = get_object_or_404(Agent.objects.with_drafts_for(request.user), pk=pk)
    behaviour.require_change(request.user, agent)
    data = request.POST if request.method == "POST" else None
    form = BehaviourForm(data, agent=agent, sees_prompts=request.user.has_perm(SEES_PROMPTS))
    values = _values_form(form, agent, data)
    is_good = form.is_valid() and (not values.is_bound or values.is_valid())
    if is_good and "look" not in request.POST and _store(request, agent, form, values):
        words = (
            _("The draft is saved.") if agent.draft_of_id else _("From the next question on, “%(name)s” answers so.")
        )
        messages.success(request, words % {"name": agent.name})
        return redirect("agent-behaviour", pk)
    context = {"agent": agent, "form": form, "values": values, **_told(request, pk)}
    is_wrong = "look" not in request.POST and (form.errors or values.errors)
    return render(request, "agents/agent_behaviour.html", context, status=422 if is_wrong else 200)


def _values_form(form: BehaviourForm, agent: Agent, data: Any) -> ValuesForm:
    """Return the fields for the variables of the prompt that is chosen, or was."""
    if data is not None and form.is_valid() and "use" in form.fields:
        chosen = form.prompt()
        agent = Agent(**chosen, prompt_values=agent.prompt_values)
    version = composing.version_of(agent)
    is_asked = data is not None and any(name.startswith("values-") for name in data)
    return ValuesForm(version.variables if version else [], data if is_asked else None, initial=agent.prompt_values)


def _store(request: HttpRequest, agent: Agent, form: BehaviourForm, values: ValuesForm) -> bool:
    changed = form.values()
    if "use" in form.fields:
        changed["prompt_values"] = values.values() if values.is_bound else values.initial
    try:
        behaviour.set_behaviour(actor=request.user, agent=agent, values=changed)
    except DomainError as error:
        kind, _dot, name = error.field.partition(".")
        if kind == "values" and name in values.fields and values.is_bound:
            values.add_error(name, str(error.message))
        else:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        return False
    return True


def _told(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """Return what the model is told now, and the rules that hold, or why no run could begin."""
    stored = Agent.objects.select_related("prompt", "prompt_version", "personality").get(pk=pk)
    try:
        return {"sections": composing.sections_of(stored, request.user), "rules": composing.rules_of(stored)}
    except DomainError as error:
        return {"problem": error.message, "rules": composing.rules_of(stored)}
