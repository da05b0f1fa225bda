"""The page of what came of a project's runs, and its figures as CSV."""

import csv
import io
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.agents.services.analytics import AGENT, DAY, DIMENSIONS, PERSON, RunLine, analytics_of, note_export
from apps.core import spreadsheets
from apps.projects.models import Project
from apps.usage.rendering import HEIGHT, WIDTH, columns

PERIODS = (7, 30, 90)
MEASURES = ("calls", "tokens", "cost")
COLUMNS = ("id", "name", "runs", "done", "failed", "input_tokens", "output_tokens", "cost", "median_s")


@require_GET
def project_analytics(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Runs, outcome, tokens, money and time of a project, for those who manage it."""
    project = get_object_or_404(Project.objects.visible_to(request.user), pk=pk)
    days, measure = _days(request), request.GET.get("of", "")
    measure = measure if measure in MEASURES else "calls"
    found = analytics_of(actor=request.user, project=project, days=days, by=DIMENSIONS)
    context = {
        "project": project,
        "days": days,
        "periods": PERIODS,
        "measure": measure,
        "measures": [("calls", _("Runs")), ("tokens", _("Tokens")), ("cost", _("Cost"))],
        "total": found.total,
        "lines": found.lines[DAY],
        "columns": columns(found.lines[DAY], measure),
        "width": WIDTH,
        "height": HEIGHT,
        "parts": [
            {"by": AGENT, "words": _("By agent"), "lines": found.lines[AGENT]},
            {"by": PERSON, "words": _("By person"), "lines": found.lines[PERSON]},
        ],
    }
    return render(request, "agents/project_analytics.html", context)


@require_GET
def project_export(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the page shows, as CSV: a line an agent, person or day."""
    project = get_object_or_404(Project.objects.visible_to(request.user), pk=pk)
    days, by = _days(request), request.GET.get("by", "")
    by = by if by in DIMENSIONS else AGENT
    lines = analytics_of(actor=request.user, project=project, days=days, by=[by]).lines[by]
    note_export(actor=request.user, project=project, by=by, days=days)
    headers = {"Content-Disposition": f'attachment; filename="project-by-{by}.csv"', "Cache-Control": "no-store"}
    return HttpResponse(_csv(lines), content_type="text/csv; charset=utf-8", headers=headers)


def _days(request: HttpRequest) -> int:
    days = request.GET.get("days", "")
    return int(days) if days in {str(n) for n in PERIODS} else 30


def _csv(lines: list[RunLine]) -> str:
    """Write lines as CSV; a cell that a spreadsheet would take for a formula is made text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for line in lines:
        sums, took = line.sums, "" if line.median_s is None else round(line.median_s, 3)
        counts = (sums.calls, line.succeeded, line.failed, sums.input_tokens, sums.output_tokens, sums.cost, took)
        writer.writerow([line.key, spreadsheets.cell(line.label), *counts])
    return out.getvalue()
