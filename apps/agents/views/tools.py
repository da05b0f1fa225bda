"""The page on which somebody says which tools an agent has, and who is asked before it uses them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.agents import places
from apps.agents.forms import ToolForm, tool_forms
from apps.agents.models import Agent
from apps.agents.services import tools
from apps.agents.services.behaviour import require_change
from apps.core.errors import Conflict, InvalidInput


@require_http_methods(["GET", "POST"])
def agent_tools(request: HttpRequest, pk: UUID) -> HttpResponse:
    agent = get_object_or_404(Agent.objects.with_drafts_for(request.user), pk=pk)
    require_change(request.user, agent)
    data = request.POST if request.method == "POST" else None
    forms = tool_forms(tools.offers_for(agent), user=request.user, agent=agent, data=data)
    if data is not None and _are_valid(forms) and _store(request, agent, forms):
        messages.success(request, _("From its next step on, “%(name)s” has these tools.") % {"name": agent.name})
        return redirect("agent-tools", pk)
    has_collections = agent.knowledge_bases.exists()
    context = {"agent": agent, "forms": forms, "has_collections": has_collections, "scripts": places.announced()}
    is_wrong = any(form.errors for form in forms)
    return render(request, "agents/agent_tools.html", context, status=422 if is_wrong else 200)


def _are_valid(forms: list[ToolForm]) -> bool:
    """Look at every form, so that each shows what is wrong with it."""
    found = [form.is_valid() for form in forms]
    return all(found)


def _store(request: HttpRequest, agent: Agent, forms: list[ToolForm]) -> bool:
    wanted: list[dict[str, Any]] = [form.entry() for form in forms if form.cleaned_data["is_given"]]
    try:
        tools.set_tools(actor=request.user, agent=agent, wanted=wanted)
    except Conflict as error:
        messages.error(request, str(error.message))
        return False
    except InvalidInput as error:
        next(form for form in forms if form.offer.key == error.field).add_error(None, str(error.message))
        return False
    return True
