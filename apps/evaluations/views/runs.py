"""Pages of evaluation runs: begun, watched, stopped, compared with another."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.core.acting import is_done
from apps.core.errors import DomainError
from apps.core.htmx import page_or_part
from apps.core.models import is_uuid
from apps.evaluations.models import EvaluationRun
from apps.evaluations.services import runs as services
from apps.evaluations.views.sets import visible_set

PAGE_SIZE, MOST_OTHERS = 50, 30
STATES = ("passed", "failed", "broken")
CHANGES = ("worse", "better")


@require_POST
def evaluation_start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Run a set on what is published, or with `draft` on the draft."""
    row, is_draft = visible_set(request, pk), request.POST.get("draft") == "1"
    try:
        run = services.start_evaluation(actor=request.user, evaluation_set=row, is_draft=is_draft)
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("evaluation-set", pk)
    return redirect("evaluation-run", run.pk)


@require_GET
def evaluation_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What came of each case, those of a `state` alone; or, `with` another run, what came out otherwise."""
    run = _visible(request, pk)
    others = EvaluationRun.objects.with_counts().filter(evaluation_set=run.evaluation_set).exclude(pk=pk)
    other = _other(run, request.GET.get("with", ""))
    context: dict[str, Any] = {
        "run": run,
        "row": run.evaluation_set,
        "agent": run.evaluation_set.agent,
        "others": others.select_related("version")[:MOST_OTHERS],
        "other": other,
        "ended": run.total - run.left,
    }
    context |= _compared(request, other, run) if other else _results(request, run)
    return page_or_part(request, "evaluations/evaluation_run.html", "evaluations/_evaluation.html", context)


def _results(request: HttpRequest, run: Any) -> dict[str, Any]:
    state = request.GET.get("state", "")
    found = run.results.select_related("run").order_by("number")
    found = found.filter(state=state) if state in STATES else found
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return {"page": page, "state": state if state in STATES else ""}


def _compared(request: HttpRequest, before: EvaluationRun, after: EvaluationRun) -> dict[str, Any]:
    rows = services.compared(before, after)
    counts = {name: sum(row.change == name for row in rows) for name in CHANGES}
    return {"page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")), "counts": counts}


def _other(run: EvaluationRun, key: str) -> EvaluationRun | None:
    if not is_uuid(key):
        return None
    found = EvaluationRun.objects.with_counts().filter(evaluation_set=run.evaluation_set).select_related("version")
    return get_object_or_404(found, pk=key)


@require_POST
def evaluation_stop(request: HttpRequest, pk: UUID) -> HttpResponse:
    is_done(request, partial(services.stop_evaluation, evaluation_run=_visible(request, pk)))
    return redirect("evaluation-run", pk)


def _visible(request: HttpRequest, pk: UUID) -> Any:
    found = EvaluationRun.objects.visible_to(request.user).with_counts()
    return get_object_or_404(found.select_related("evaluation_set__agent", "version", "started_by"), pk=pk)
