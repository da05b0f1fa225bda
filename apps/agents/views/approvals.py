"""Pages of what waits for people: the list, one of them, what is said to it, and standing consents."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.agents.models import Approval, Run, StandingConsent
from apps.agents.registry import known_tools
from apps.agents.rendering import Card, card_of
from apps.agents.services import approvals as services
from apps.core.errors import Conflict, InvalidInput
from apps.core.htmx import page_or_part

PAGE_SIZE = 25


@require_GET
def approval_list(request: HttpRequest) -> HttpResponse:
    """What waits for this person, or (`show=all`) all that they may see."""
    is_all = request.GET.get("show") == "all"
    mine = Approval.objects.for_decision_by(request.user)
    found = Approval.objects.visible_to(request.user) if is_all else mine
    page = Paginator(found.select_related("run__agent", "run__started_by"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "is_all": is_all, "waiting": mine.count()}
    return page_or_part(request, "agents/approval_list.html", "agents/_approvals.html", context)


@require_GET
def approval_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _shown(request, card_of(_approval(request, pk), request.user))


@require_POST
def approval_approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say yes to what `digest` names; with `changed` to the arguments that are sent along instead."""
    approval, digest = _approval(request, pk), request.POST.get("digest", "")
    if "changed" in request.POST:
        card = card_of(approval, request.user, data=request.POST)
        changed = _edited(request, approval, card)
        if changed is None:
            return _shown(request, card, status=422)
        digest = changed.digest
    try:
        services.approve(
            actor=request.user, approval=approval, digest=digest, remember=request.POST.get("remember") == "on"
        )
    except (Conflict, InvalidInput) as error:
        messages.error(request, str(error.message))
    return _back(request, approval)


@require_POST
def approval_decline(request: HttpRequest, pk: UUID) -> HttpResponse:
    approval = _approval(request, pk)
    try:
        services.decline(actor=request.user, approval=approval, reason=request.POST.get("reason", ""))
    except Conflict as error:
        messages.error(request, str(error.message))
    return _back(request, approval)


@require_GET
def consent_list(request: HttpRequest) -> HttpResponse:
    rows = _standing(request).filter(expires_at__gt=timezone.now()).select_related("agent")
    known = known_tools([row.tool for row in rows])
    shown = [(row, known[row.tool].title if row.tool in known else row.tool) for row in rows]
    return render(request, "agents/consent_list.html", {"rows": shown})


@require_POST
def consent_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    standing = get_object_or_404(_standing(request), pk=pk)
    services.revoke_consent(actor=request.user, standing=standing)
    messages.success(request, _("“%(agent)s” asks again before that.") % {"agent": standing.agent.name})
    return redirect("consents")


def _standing(request: HttpRequest) -> Any:
    user: Any = request.user
    return StandingConsent.objects.filter(person=user)


def _approval(request: HttpRequest, pk: UUID) -> Approval:
    seen = Approval.objects.visible_to(request.user)
    return get_object_or_404(seen.select_related("run__agent", "run__started_by", "approvers"), pk=pk)


def _edited(request: HttpRequest, approval: Approval, card: Card) -> Approval | None:
    if card.form is None or not card.form.is_valid():
        return None
    try:
        return services.edit(actor=request.user, approval=approval, arguments=card.form.values())
    except InvalidInput as error:
        card.form.add_error(None, str(error.message))
        return None


def _shown(request: HttpRequest, card: Card, status: int = 200) -> HttpResponse:
    sees_run = Run.objects.visible_to(request.user).filter(pk=card.approval.run_id).exists()
    context = {"card": card, "approval": card.approval, "sees_run": sees_run}
    return render(request, "agents/approval_detail.html", context, status=status)


def _back(request: HttpRequest, approval: Approval) -> HttpResponse:
    """Go back to where it was decided: the run's page, or the approval's own."""
    if request.POST.get("to") == "run" and Run.objects.visible_to(request.user).filter(pk=approval.run_id).exists():
        return redirect("run", approval.run_id)
    return redirect("approval", approval.pk)
