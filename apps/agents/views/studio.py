"""Pages on which agents are made, changed, copied, switched off and on, and one that says how one fares."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.services.sharing import may_manage
from apps.agents.blueprints import Blueprint
from apps.agents.blueprints.registry import all_blueprints
from apps.agents.forms import AgentForm
from apps.agents.models import Agent
from apps.agents.services import studio
from apps.agents.services.behaviour import require_change
from apps.agents.services.health import health_of
from apps.core.errors import DomainError
from apps.core.permissions import require


@require_http_methods(["GET", "POST"])
def agent_new(request: HttpRequest) -> HttpResponse:
    """A new agent, by itself or from a `blueprint`; how it answers is said on the page that comes next."""
    require(request.user, studio.ADD)
    chosen = studio.chosen_blueprint(request.GET.get("blueprint", ""))
    known = {"name": chosen.title, "description": chosen.summary, "icon": chosen.icon} if chosen else None
    form = AgentForm(request.POST if request.method == "POST" else None, user=request.user, initial=known)
    if request.method == "POST" and form.is_valid():
        made = _save(request, form, None, chosen)
        if made is not None:
            messages.success(request, _("“%(name)s” can be asked now. Say here how it answers.") % {"name": made.name})
            return redirect("agent-behaviour", made.pk)
    context = {"form": form, "blueprint": chosen, "blueprints": all_blueprints()}
    return render(request, "agents/agent_edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def agent_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    agent = _seen(request, pk)
    require_change(request.user, agent)
    form = AgentForm(request.POST if request.method == "POST" else None, user=request.user, row=agent)
    if request.method == "POST" and form.is_valid() and _save(request, form, agent) is not None:
        messages.success(request, _("“%(name)s” is saved.") % {"name": agent.name})
        return redirect("agent-edit", pk) if agent.draft_of_id else redirect("agents")
    context = {
        "form": form,
        "agent": agent,
        "may_manage": may_manage(request.user, agent),
        "may_copy": request.user.has_perm(studio.ADD),
    }
    return render(request, "agents/agent_edit.html", context, status=422 if form.errors else 200)


def _seen(request: HttpRequest, pk: UUID) -> Agent:
    return get_object_or_404(Agent.objects.with_drafts_for(request.user), pk=pk)


def _save(
    request: HttpRequest, form: AgentForm, agent: Agent | None, blueprint: Blueprint | None = None
) -> Agent | None:
    try:
        return studio.save_agent(actor=request.user, values=form.cleaned_data, agent=agent, blueprint=blueprint)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else "name", str(error.message))
        return None


@require_GET
def agent_health(request: HttpRequest, pk: UUID) -> HttpResponse:
    agent = _seen(request, pk)
    context = {"agent": agent, "health": health_of(actor=request.user, agent=agent)}
    return render(request, "agents/agent_health.html", context)


@require_POST
def agent_copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    made = studio.copy_agent(actor=request.user, agent=_seen(request, pk))
    messages.success(request, _("“%(name)s” is yours to change.") % {"name": made.name})
    return redirect("agent-edit", made.pk)


@require_POST
def agent_switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Switch an agent off, or (`on=1`) on again."""
    agent: Any = _seen(request, pk)
    is_active = request.POST.get("on") == "1"
    studio.switch_agent(actor=request.user, agent=agent, is_active=is_active)
    words = _("“%(name)s” is switched on.") if is_active else _("“%(name)s” is switched off: nobody can ask it.")
    messages.success(request, words % {"name": agent.name})
    return redirect("agent-edit", pk)
