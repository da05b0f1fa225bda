"""Pages on which an agent's versions are looked at and compared, a draft is tried and published, and a version comes back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents.models import Agent, AgentVersion, Run
from apps.agents.rendering import result_of
from apps.agents.services import drafts, runs, versions
from apps.agents.services.behaviour import require_change
from apps.core.errors import Conflict, InvalidInput, TooManyRequests
from apps.core.htmx import page_or_part
from apps.core.models import is_uuid

PAGE_SIZE = 25
DRAFT = "draft"


@require_GET
def agent_versions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every version with who wrote it, and the draft if there is one."""
    agent = _changeable(request, pk)
    page = Paginator(agent.versions.select_related("written_by"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "agents/agent_versions.html", {"agent": agent, "page": page, "draft": _draft_of(agent)})


@require_GET
def agent_compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Two versions beside each other, or the latest and the draft, from which it is published."""
    agent = _changeable(request, pk)
    draft, latest = _draft_of(agent), agent.versions.first()
    after = request.GET.get("to") or (DRAFT if draft else "")
    before = request.GET.get("from") or str(
        latest.number if latest and after == DRAFT else max(1, latest.number - 1 if latest else 1)
    )
    context = {
        "agent": agent,
        "draft": draft,
        "versions": agent.versions.all(),
        "before": before,
        "after": after or str(latest.number if latest else 1),
        "latest": latest.number if latest else 0,
    }
    old, new = _content(agent, before, draft), _content(agent, context["after"], draft)
    context["changes"] = versions.changes(old, new, unseen=versions.unseen_by(request.user)) if old and new else None
    return page_or_part(request, "agents/agent_compare.html", "agents/_changes.html", context)


@require_POST
def version_restore(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    agent = _changeable(request, pk)
    version = get_object_or_404(AgentVersion, agent=agent, number=number)
    try:
        gone = drafts.restore(actor=request.user, agent=agent, version=version)
    except (Conflict, InvalidInput) as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("“%(name)s” is as it was in version %(n)d.") % {"name": agent, "n": number})
        if gone:
            words = _("Not there any more, and left out: %(names)s.")
            messages.warning(request, words % {"names": ", ".join(gone)})
    return redirect("agent-versions", pk)


@require_POST
def draft_start(request: HttpRequest, pk: UUID) -> HttpResponse:
    draft = drafts.start_draft(actor=request.user, agent=_changeable(request, pk))
    return redirect("agent-behaviour", draft.pk)


@require_POST
def draft_discard(request: HttpRequest, pk: UUID) -> HttpResponse:
    agent = _changeable(request, pk)
    drafts.discard_draft(actor=request.user, agent=agent)
    messages.success(request, _("The draft is gone. People go on using “%(name)s” as it is.") % {"name": agent})
    return redirect("agent-versions", pk)


@require_POST
def draft_publish(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Publish the draft, with `note`, over the version `over` that it was compared with."""
    agent = _changeable(request, pk)
    over = request.POST.get("over", "")
    try:
        note = request.POST.get("note", "")
        drafts.publish_draft(actor=request.user, agent=agent, note=note, over=_number(over))
    except (Conflict, InvalidInput) as error:
        messages.error(request, str(error.message))
        return redirect("agent-compare", pk)
    messages.success(request, _("From the next question on, people use this version of “%(name)s”.") % {"name": agent})
    return redirect("agent-versions", pk)


@require_http_methods(["GET", "POST"])
def agent_try(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask an agent or a draft as it is saved; GET with `run` shows how far that is."""
    agent = _changeable(request, pk)
    context: dict[str, Any] = {"agent": agent, "question": request.POST.get("question", "")}
    status = 200
    if request.method == "POST":
        try:
            run = runs.start_run(actor=request.user, agent=agent, question=context["question"], is_trial=True)
            context |= {"run": run, **result_of(run)}
        except (InvalidInput, Conflict, TooManyRequests) as error:
            context["problem"], status = error.message, error.status
    elif is_uuid(request.GET.get("run", "")):
        found = Run.objects.filter(agent=agent, started_by_id=request.user.pk, is_trial=True)
        run = get_object_or_404(found, pk=request.GET["run"])
        context |= {"run": run, "question": run.question, **result_of(run)}
    return page_or_part(request, "agents/agent_try.html", "agents/_try.html", context, status=status)


def _changeable(request: HttpRequest, pk: UUID) -> Any:
    agent = get_object_or_404(Agent.objects.with_drafts_for(request.user), pk=pk)
    require_change(request.user, agent)
    return agent


def _draft_of(agent: Agent) -> Agent | None:
    return Agent.objects.filter(draft_of=agent).first()


def _number(text: str) -> int | None:
    """Return the number of a version, None for what cannot be one."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _content(agent: Agent, which: str, draft: Agent | None) -> dict[str, Any] | None:
    if which == DRAFT:
        return versions.content_of(draft) if draft else None
    number = _number(which)
    version = agent.versions.filter(number=number).first() if number else None
    if version is None and not agent.versions.exists():
        return versions.content_of(agent)  # nothing was changed so far
    return version.content if version else None
