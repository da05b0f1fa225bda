"""Pages on which cases are written, taken from a table or from what people said of an answer."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents.models import Agent
from apps.agents.services.behaviour import require_change
from apps.conversations.models import Feedback
from apps.core.acting import is_done
from apps.core.errors import DomainError
from apps.core.models import is_uuid
from apps.evaluations.forms import CaseForm, ImportForm
from apps.evaluations.models import EvaluationCase, EvaluationSet
from apps.evaluations.services import sets as services
from apps.evaluations.views.sets import set_page, visible_set


@require_http_methods(["GET", "POST"])
def case_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new case; with `feedback`, filled with what somebody said of an answer."""
    row = visible_set(request, pk)
    return _edit(request, row, None, _said(row, request.GET.get("feedback", "")))


@require_http_methods(["GET", "POST"])
def case_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    case = _visible(request, pk)
    return _edit(request, case.evaluation_set, case, None)


def _edit(request: HttpRequest, row: EvaluationSet, case: EvaluationCase | None, said: Feedback | None) -> HttpResponse:
    proposed = services.proposal_of(said) if said else {}
    data = request.POST if request.method == "POST" else None
    form = CaseForm(data, agent=row.agent, row=case, initial=proposed)
    if request.method == "POST" and form.is_valid():
        values = form.values() | ({"origin": proposed["origin"]} if proposed else {})
        try:
            services.save_case(actor=request.user, evaluation_set=row, values=values, case=case)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The case is saved."))
            return redirect("evaluation-set", row.pk)
    context = {"form": form, "row": row, "case": case, "agent": row.agent, "said": said}
    return render(request, "evaluations/case_edit.html", context, status=422 if form.errors else 200)


def _said(row: EvaluationSet, key: str) -> Feedback | None:
    return get_object_or_404(Feedback.objects.about(row.agent), pk=key) if is_uuid(key) else None


@require_POST
def case_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    case = _visible(request, pk)
    if is_done(request, partial(services.remove_case, case=case)):
        messages.success(request, _("The case is removed."))
    return redirect("evaluation-set", case.evaluation_set_id)


@require_POST
def case_import(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add the cases of a table, or none of them with what is wrong beside the file."""
    row, form = visible_set(request, pk), ImportForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            found = services.rows_of(row.agent, form.cleaned_data["file"].read())
            count = services.add_cases(actor=request.user, evaluation_set=row, rows=found)
        except DomainError as error:
            form.add_error("file", str(error.message))
        else:
            messages.success(request, ngettext("%(n)d case is added.", "%(n)d cases are added.", count) % {"n": count})
            return redirect("evaluation-set", pk)
    return set_page(request, row, form=form)


@require_GET
def feedback_choose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Choose the set that a case is made in from what somebody said of an answer."""
    found = Feedback.objects.select_related("message__conversation__agent", "message__parent")
    said = get_object_or_404(
        found.filter(message__conversation__agent__in=Agent.objects.visible_to(request.user)), pk=pk
    )
    agent = said.message.conversation.agent
    require_change(request.user, agent)
    context = {"said": said, "agent": agent, "rows": agent.evaluation_sets.with_sizes()}
    return render(request, "evaluations/feedback_choose.html", context)


def _visible(request: HttpRequest, pk: UUID) -> EvaluationCase:
    found = EvaluationCase.objects.visible_to(request.user).select_related("evaluation_set__agent")
    return get_object_or_404(found, pk=pk)
