"""Pages of agents and runs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents.models import Agent, Run
from apps.agents.rendering import cards_of, given_of, steps_of, timeline
from apps.agents.results import file_of
from apps.agents.services import runs as services
from apps.core.htmx import page_or_part
from apps.core.models import is_uuid
from apps.projects.models import Project
from apps.tenants.models import OptionValue
from apps.tenants.options import Option
from apps.tenants.views.settings import answer
from apps.usage.services.reports import cost_of_run

PAGE_SIZE = 25
PERIODS_DAYS = {"1": 1, "7": 7, "30": 30}


@require_GET
def agent_list(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    mine = Count("runs", filter=Q(runs__started_by=str(request.user.pk)))
    off = Agent.objects.manageable_by(request.user).filter(is_active=False)
    shown = Agent.objects.usable_by(request.user) | off
    agents = shown.matching(words).annotate(run_count=mine).order_by("name")
    managed = set(Agent.objects.manageable_by(request.user).values_list("pk", flat=True))
    editable = set(Agent.objects.editable_by(request.user).values_list("pk", flat=True))
    context = {"agents": agents, "words": words, "managed": managed, "editable": editable}
    return page_or_part(request, "agents/agent_list.html", "agents/_agents.html", context)


@require_http_methods(["GET", "POST"])
def agent_settings(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is set for one agent instead of for the whole organisation."""
    agent = get_object_or_404(Agent.objects.visible_to(request.user), pk=pk)
    services.require_settings(request.user, agent)

    def store(option: Option, value: Any) -> None:
        services.set_agent_option(actor=request.user, agent=agent, option=option, value=value)

    level = OptionValue.Level.AGENT
    return answer(request, "agents/agent_settings.html", level=level, pk=pk, store=store, context={"agent": agent})


@require_GET
def run_list(request: HttpRequest) -> HttpResponse:
    runs = _filtered(request, Run.objects.visible_to(request.user).select_related("agent", "started_by"))
    page = Paginator(runs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "states": Run.State.choices,
        "agents": Agent.objects.usable_by(request.user),
        "projects": Project.objects.visible_to(request.user),
    }
    return page_or_part(request, "agents/run_list.html", "agents/_runs.html", context)


def _filtered(request: HttpRequest, runs: QuerySet[Run]) -> QuerySet[Run]:
    words, state, agent, project = (request.GET.get(name, "") for name in ("q", "state", "agent", "project"))
    runs = runs.filter(parent=None)
    days = PERIODS_DAYS.get(request.GET.get("days", ""))
    if request.GET.get("whose") != "all":
        runs = runs.filter(started_by_id=request.user.pk)
    for word in words.split():
        runs = runs.filter(title__icontains=word)
    if state in Run.State.values:
        runs = runs.filter(state=state)
    if days:
        runs = runs.filter(created_at__gte=timezone.now() - timedelta(days=days))
    if is_uuid(project):
        runs = runs.filter(project_id=project)
    return runs.filter(agent__name=agent) if agent else runs


@require_GET
def run_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    run = get_object_or_404(_shown(request), pk=pk)
    return page_or_part(request, "agents/run_detail.html", "agents/_run.html", _run_context(request, run))


def _shown(request: HttpRequest) -> QuerySet[Run]:
    return Run.objects.visible_to(request.user).select_related(
        "agent", "agent_version", "started_by", "prompt_version__prompt", "form_version", "project", "parent__agent"
    )


def _run_context(request: HttpRequest, run: Run) -> dict[str, Any]:
    bars, marks = timeline(steps_of(run))
    wanted = request.GET.get("step", "")
    chosen = next((bar.line for bar in bars if str(bar.line.number) == wanted), bars[-1].line if bars else None)
    return {
        "run": run,
        "bars": bars,
        "marks": marks,
        "chosen": chosen,
        "given": given_of(run),
        "cost": cost_of_run(run.pk),
        "cards": cards_of(run, request.user),
        "children": Run.objects.visible_to(request.user)
        .filter(parent=run)
        .select_related("agent")
        .order_by("created_at"),
    }


@require_GET
def run_file(request: HttpRequest, pk: UUID, file: UUID) -> FileResponse:
    """A file that a run's form was filled in with, for whoever sees the run; never shown, always saved."""
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    found = get_object_or_404(run.files, pk=file)
    return FileResponse(found.file.open("rb"), as_attachment=True, filename=found.name)


@require_GET
def run_result(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """What a run came to, as a file to save."""
    runs = Run.objects.visible_to(request.user).select_related("agent", "started_by", "project")
    made = file_of(actor=request.user, run=get_object_or_404(runs, pk=pk), kind=kind)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return HttpResponse(made.data, content_type=made.media_type, headers=headers)


@require_POST
def run_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    services.cancel_run(actor=request.user, run=run)
    return redirect("run", pk=pk)


@require_POST
def run_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    services.run_again(actor=request.user, run=run)
    return redirect("run", pk=pk)
