"""The page on which somebody sees and changes what agents remember about them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.agents.models import Fact
from apps.agents.models.memory import MOST_FACT_CHARS
from apps.agents.services import memory as services
from apps.core.errors import Conflict, InvalidInput


@require_http_methods(["GET", "POST"])
def fact_list(request: HttpRequest) -> HttpResponse:
    """GET lists what is remembered; POST writes a fact down."""
    context: dict[str, Any] = {"most": MOST_FACT_CHARS, "text": request.POST.get("text", "")}
    status = 200
    if request.method == "POST":
        try:
            services.note_fact(actor=request.user, text=context["text"])
        except (InvalidInput, Conflict) as error:
            context["problem"], status = error.message, error.status
        else:
            return redirect("facts")
    context["facts"] = _own(request).select_related("noted_by")
    return render(request, "agents/fact_list.html", context, status=status)


@require_POST
def fact_change(request: HttpRequest, pk: UUID) -> HttpResponse:
    fact = get_object_or_404(_own(request), pk=pk)
    try:
        services.change_fact(actor=request.user, fact=fact, text=request.POST.get("text", ""))
    except (InvalidInput, Conflict) as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Agents know it so from now on."))
    return redirect("facts")


@require_POST
def fact_forget(request: HttpRequest, pk: UUID) -> HttpResponse:
    services.forget(actor=request.user, fact=get_object_or_404(_own(request), pk=pk))
    return redirect("facts")


@require_POST
def fact_forget_all(request: HttpRequest) -> HttpResponse:
    services.forget(actor=request.user)
    messages.success(request, _("Nothing about you is remembered any more."))
    return redirect("facts")


@require_POST
def memory_switch(request: HttpRequest) -> HttpResponse:
    """Let agents remember (`on=1`), or not."""
    services.let_remember(actor=request.user, is_remembered=request.POST.get("on") == "1")
    return redirect("facts")


def _own(request: HttpRequest) -> Any:
    user: Any = request.user
    return Fact.objects.filter(person=user)
