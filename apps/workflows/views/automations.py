"""Pages of what starts by itself: the list, one automation with what came of it, making and changing it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents import composing
from apps.agents.models import Agent
from apps.core.errors import Conflict, DomainError, Forbidden, TooManyRequests
from apps.core.htmx import is_part_wanted
from apps.core.models import is_uuid
from apps.core.permissions import require
from apps.prompts.forms import ValuesForm
from apps.workflows.forms.automations import AutomationForm, QuestionForm
from apps.workflows.models import Automation, Delivery, Workflow
from apps.workflows.rendering.automations import about, is_open, starts_in_words
from apps.workflows.services import automations as services
from apps.workflows.types import EVENT_PLACES

PAGE_SIZE = 20


@require_GET
def automation_list(request: HttpRequest) -> HttpResponse:
    """A person's own automations, or (`all`) everybody's that they may see."""
    person = request.user
    found = Automation.objects.visible_to(person).select_related(
        "agent", "workflow", "owner", "collection", "connection"
    )
    sees_all = person.has_perm("workflows.view_automation")
    is_all = sees_all and "all" in request.GET
    if not is_all:
        found = found.filter(owner_id=person.pk)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(row, starts_in_words(row)) for row in page]
    context = {
        "page": page,
        "rows": rows,
        "sees_all": sees_all,
        "is_all": is_all,
        "may_add": person.has_perm(services.ADD),
    }
    return render(request, "workflows/automation_list.html", context)


@require_GET
def automation_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One automation, when it is due next, and what came of it."""
    found = Automation.objects.visible_to(request.user).select_related(
        "agent", "workflow", "owner", "collection", "connection", "project"
    )
    automation = get_object_or_404(found, pk=pk)
    occurrences = automation.occurrences.select_related("run", "execution").prefetch_related("deliveries")
    page = Paginator(occurrences, PAGE_SIZE).get_page(request.GET.get("page"))
    context = about(automation) | {
        "page": page,
        "is_open": any(map(is_open, page)),
        "is_own": automation.owner_id == request.user.pk,
        "may_stop": Automation.objects.stoppable_by(request.user).filter(pk=pk).exists(),
    }
    if is_part_wanted(request):
        return render(request, "workflows/_occurrences.html", context)
    context["secret"] = request.session.pop(_secret_key(automation), "")
    return render(request, "workflows/automation_detail.html", context)


@require_http_methods(["GET", "POST"])
def automation_new(request: HttpRequest) -> HttpResponse:
    """Choose an agent or a workflow, then say when it is asked what."""
    require(request.user, services.ADD)
    startable = Workflow.objects.usable_by(request.user)
    workflow = request.POST.get("workflow") or request.GET.get("workflow", "")
    if is_uuid(workflow):
        return _edit(request, None, get_object_or_404(startable, pk=workflow))
    usable = Agent.objects.usable_by(request.user).select_related("form")
    chosen = request.POST.get("agent") or request.GET.get("agent", "")
    if not is_uuid(chosen):
        return render(request, "workflows/automation_choose.html", {"agents": usable, "workflows": startable})
    return _edit(request, None, get_object_or_404(usable, pk=chosen))


@require_http_methods(["GET", "POST"])
def automation_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = Automation.objects.visible_to(request.user).select_related("agent__form", "workflow", "project")
    automation = get_object_or_404(found, pk=pk)
    if automation.owner_id != request.user.pk:
        raise Forbidden(_("It asks in the name of its owner, who alone changes it."))
    return _edit(request, automation, automation.starts)


def _edit(request: HttpRequest, row: Automation | None, starts: Agent | Workflow) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = AutomationForm(data, person=request.user, row=row)
    asked = _asked_form(starts, data, row)
    kind = "workflow" if isinstance(starts, Workflow) else "agent"
    status = 200
    if data is not None and form.is_valid() and asked.is_valid():
        values = form.values() | {kind: starts, "values": asked.values()}
        try:
            saved, secret = services.save_automation(actor=request.user, values=values, automation=row)
        except DomainError as error:
            status = error.status
            _blame(form, asked, error)
        else:
            if secret:
                request.session[_secret_key(saved)] = secret
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved})
            return redirect("automation", saved.pk)
    status = 422 if status == 200 and (form.errors or asked.errors) else status
    context = {"form": form, "asked": asked, "row": row, "starts": starts, "kind": kind, "places": EVENT_PLACES}
    return render(request, "workflows/automation_edit.html", context, status=status)


def _asked_form(starts: Agent | Workflow, data: Any, row: Automation | None) -> Any:
    """Return the form of the agent or the workflow, or the one for a question."""
    initial = row.values if row else {}
    if isinstance(starts, Workflow):
        return ValuesForm(starts.written.variables, data, initial=initial)
    version = composing.form_of(starts)
    if version is None:
        return QuestionForm(data, initial=initial)
    return ValuesForm(version.variables, data, initial=initial)


def _blame(form: AutomationForm, asked: Any, error: DomainError) -> None:
    """Show an error of the service at the field that it names."""
    kind, _dot, name = error.field.partition(".")
    if kind == "values" and name in asked.fields:
        asked.add_error(name, str(error.message))
    else:
        form.add_error(error.field if error.field in form.fields else "name", str(error.message))


@require_POST
def automation_switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Pause it, or (`on`) have it go on."""
    automation = get_object_or_404(Automation.objects.visible_to(request.user), pk=pk)
    services.switch(actor=request.user, automation=automation, is_active="on" in request.POST)
    return redirect("automation", pk)


@require_POST
def automation_start(request: HttpRequest, pk: UUID) -> HttpResponse:
    automation = get_object_or_404(Automation.objects.visible_to(request.user), pk=pk)
    try:
        services.start_now(actor=request.user, automation=automation)
        messages.success(request, _("It starts. What comes of it stands below in a moment."))
    except (Conflict, TooManyRequests) as error:
        messages.error(request, str(error.message))
    return redirect("automation", pk)


@require_POST
def automation_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    automation = get_object_or_404(Automation.objects.visible_to(request.user), pk=pk)
    services.remove_automation(actor=request.user, automation=automation)
    messages.success(request, _("“%(name)s” is removed. Its runs stay.") % {"name": automation})
    return redirect("automations")


@require_POST
def delivery_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = Delivery.objects.filter(occurrence__automation__in=Automation.objects.visible_to(request.user))
    delivery = get_object_or_404(found.select_related("occurrence__automation"), pk=pk)
    try:
        services.send_again(actor=request.user, delivery=delivery)
        messages.success(request, _("It is on its way again."))
    except Conflict as error:
        messages.error(request, str(error.message))
    return redirect("automation", delivery.occurrence.automation_id)


def _secret_key(automation: Automation) -> str:
    return f"automation-secret-{automation.pk}"
