"""The page of a collection's labelled questions, and of how well they were answered each time."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.services.sharing import require_manage
from apps.core.errors import Conflict, InvalidInput
from apps.core.htmx import is_part_wanted
from apps.knowledge.forms import QuestionForm
from apps.knowledge.measuring import FIGURES
from apps.knowledge.models import KnowledgeBase, Measurement, Question
from apps.knowledge.services import questions
from apps.knowledge.views.collections import PAGE_SIZE, visible_base

MOST_SHOWN, MOST_PROPOSED_SHOWN = 12, 20
SHOWN = ("recall@5", "mrr@10")
MOST_IMPORT_BYTES = 2 << 20


@require_http_methods(["GET", "POST"])
def question_list(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows questions and measurements; POST adds a question, or those of a CSV file."""
    base = visible_base(request, pk)
    require_manage(request.user, base)
    form = QuestionForm(request.POST if request.method == "POST" and not request.FILES else None, names=_names(base))
    problem = ""
    if request.method == "POST" and (request.FILES or form.is_valid()):
        try:
            count = questions.add_questions(actor=request.user, knowledge_base=base, rows=_rows(request, form))
        except InvalidInput as error:
            problem = _refused(form, error)
        else:
            said = ngettext("There is %(n)d question now.", "There are %(n)d questions now.", count)
            messages.success(request, said % {"n": count})
            return redirect("questions", pk)
    context = _context(request, base) | {"form": form, "problem": problem}
    if is_part_wanted(request):
        return render(request, "knowledge/_measured.html", context)
    return render(request, "knowledge/question_list.html", context, status=422 if form.errors or problem else 200)


def _names(base: KnowledgeBase) -> Any:
    return base.documents.order_by("name").values_list("name", flat=True).distinct()


def _refused(form: QuestionForm, error: InvalidInput) -> str:
    """Say what is wrong at its field, or return it, where it is about a file."""
    if form.is_bound and error.field in form.fields:
        form.add_error(error.field, str(error.message))
        return ""
    return str(error.message)


def _rows(request: HttpRequest, form: QuestionForm) -> list[dict[str, str]]:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        return [dict(form.cleaned_data)]
    if (upload.size or 0) > MOST_IMPORT_BYTES:
        raise InvalidInput(_("The file is too large."), field="file")
    return questions.rows_of(upload.read())


def _context(request: HttpRequest, base: KnowledgeBase) -> dict[str, Any]:
    rounds = list(base.measurements.select_related("started_by")[:MOST_SHOWN])
    done = [row for row in rounds if row.state == Measurement.State.DONE]
    last = {row["question"]: row["rank"] for row in done[0].ranks} if done else {}
    page = Paginator(base.questions.labelled().filter(text__icontains=request.GET.get("q", "")), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    places = [{"question": row, "was_asked": row.text in last, "rank": last.get(row.text)} for row in page.object_list]
    return {
        "base": base,
        "page": page,
        "places": places,
        "proposed": base.questions.proposed()[:MOST_PROPOSED_SHOWN],
        "names": _names(base),
        "rounds": [_told(row, former) for row, former in zip(rounds, [*rounds[1:], None], strict=False)],
        "is_busy": any(row.state == Measurement.State.WAITING for row in rounds),
        "columns": _columns(done[::-1]),
        "moved": _moved(*done[:2]) if len(done) > 1 else [],
    }


def _told(row: Measurement, former: Measurement | None) -> dict[str, Any]:
    """Return a measurement with its figures, each beside how much it differs from the one before."""
    before = former.figures if former else {}
    figures = [
        {
            "name": name,
            "value": row.figures[name],
            "change": round(row.figures[name] - before[name], 4) if name in before else None,
        }
        for name in FIGURES
        if name in row.figures
    ]
    return {"row": row, "figures": figures}


def _columns(done: list[Measurement]) -> list[dict[str, Any]]:
    """Return the columns of the chart: two a measurement, from 0 to 100 high."""
    return [
        {"x": 12 + place * 56, "row": row, "bars": [_bar(row, name, place, at) for at, name in enumerate(SHOWN)]}
        for place, row in enumerate(done)
    ]


def _bar(row: Measurement, name: str, place: int, at: int) -> dict[str, Any]:
    height = round(100 * row.figures[name], 1)
    return {
        "name": name,
        "value": row.figures[name],
        "x": 12 + place * 56 + at * 20,
        "y": 100 - height,
        "height": height,
        "n": at + 1,
    }


def _moved(new: Measurement, old: Measurement) -> list[dict[str, Any]]:
    """Return the questions whose place differs between two measurements, the worst first."""
    before = {row["question"]: row["rank"] for row in old.ranks}
    found = [row | {"before": before[row["question"]]} for row in new.ranks if row["question"] in before]
    changed = [row for row in found if row["rank"] != row["before"]]
    return sorted(changed, key=lambda row: (row["before"] or 11) - (row["rank"] or 11))[:50]


@require_POST
def question_decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add a proposed question with the document that answers it, or (`dismiss`) drop it."""
    question = _managed(request, pk)
    try:
        if "dismiss" in request.POST:
            questions.dismiss_question(actor=request.user, question=question)
            messages.success(request, _("The question is dismissed; it is not proposed again."))
        else:
            chosen = {"document": request.POST.get("document", ""), "quote": request.POST.get("quote", "")}
            questions.accept_question(actor=request.user, question=question, **chosen)
            messages.success(request, _("The question is added."))
    except (Conflict, InvalidInput) as error:
        messages.error(request, str(error.message))
    return redirect("questions", question.knowledge_base_id)


def _managed(request: HttpRequest, pk: UUID) -> Question:
    mine = KnowledgeBase.objects.manageable_by(request.user)
    return get_object_or_404(Question.objects.select_related("knowledge_base").filter(knowledge_base__in=mine), pk=pk)


@require_POST
def question_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    question = _managed(request, pk)
    questions.remove_question(actor=request.user, question=question)
    messages.success(request, _("The question is removed."))
    return redirect("questions", question.knowledge_base_id)


@require_POST
def collection_measure(request: HttpRequest, pk: UUID) -> HttpResponse:
    base = visible_base(request, pk)
    try:
        questions.measure(actor=request.user, knowledge_base=base, note=request.POST.get("note", ""))
    except Conflict as error:
        messages.error(request, str(error.message))
    return redirect("questions", pk)
