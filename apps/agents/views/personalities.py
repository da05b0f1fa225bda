"""Pages of personalities."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents.forms import PersonalityForm
from apps.agents.models import Personality
from apps.agents.services import personalities as services
from apps.agents.services.rule_sets import free_name
from apps.core.errors import Conflict, DomainError
from apps.core.permissions import require


@require_GET
def personality_list(request: HttpRequest) -> HttpResponse:
    """Every personality, those that ship too, with the agents that have it."""
    require(request.user, services.VIEW)
    context = {
        "rows": Personality.objects.prefetch_related("agents"),
        "may_change": request.user.has_perm(services.CHANGE),
    }
    return render(request, "agents/personality_list.html", context)


@require_http_methods(["GET", "POST"])
def personality_new(request: HttpRequest) -> HttpResponse:
    """The form of a new one; `from` in the address says which one it is copied from."""
    require(request.user, services.CHANGE)
    basis = Personality.objects.filter(key=request.GET.get("from", "")).exclude(key="").first()
    form = PersonalityForm(request.POST if request.method == "POST" else None, row=basis)
    if basis:
        form.initial["name"] = free_name(Personality, _(basis.name))
    return _edit(request, form, None)


@require_http_methods(["GET", "POST"])
def personality_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, services.CHANGE)
    row = get_object_or_404(Personality, pk=pk)
    return _edit(request, PersonalityForm(request.POST if request.method == "POST" else None, row=row), row)


def _edit(request: HttpRequest, form: PersonalityForm, row: Personality | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            services.save_personality(actor=request.user, values=form.cleaned_data, personality=row)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else "name", str(error.message))
        else:
            return redirect("personalities")
    context = {"form": form, "row": row}
    return render(request, "agents/personality_edit.html", context, status=422 if form.errors else 200)


@require_POST
def personality_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, services.CHANGE)
    row = get_object_or_404(Personality, pk=pk)
    try:
        services.remove_personality(actor=request.user, personality=row)
    except Conflict as error:
        messages.error(request, str(error.message))
    return redirect("personalities")
