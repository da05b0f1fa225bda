"""What people say to a tool call that waits for them: approve, edit, decline; and their standing consents."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents import actions, consent
from apps.agents.models import Approval, Run, StandingConsent, Vote
from apps.agents.registry import check_arguments, held_tool
from apps.agents.stream import announce_approval
from apps.agents.tools.base import ToolFailed
from apps.agents.types import RUN
from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.jobs import services as jobs

CONSENT_FOR = timedelta(days=30)
REASON_CHARS = 500
State = Approval.State


@transaction.atomic
def approve(*, actor: Any, approval: Approval, digest: str, remember: bool = False) -> Approval:
    """Say yes to the arguments of this digest; with enough people in favour the run goes on.

    `remember` lets the agent use the tool for the actor without asking for 30 days. Raises Forbidden, Conflict when it is
    decided, too late, or no longer what the actor saw, InvalidInput where nothing can be remembered.
    """
    row = _locked(actor, approval)
    if row.digest != digest:
        raise Conflict(_("Somebody changed this while you looked at it. Look at it again."), code="arguments_changed")
    if remember:
        _remember(actor, row)
    Vote.objects.get_or_create(
        approval=row, person=actor, digest=digest, defaults={"name": str(actor)[:150], "is_for": True}
    )
    record(actions.APPROVAL_GIVEN, actor=actor, target=row, after={"tool": row.tool, "digest": digest})
    if row.votes.filter(digest=digest, is_for=True).count() >= row.needed:
        _decide(row, State.APPROVED)
    return row


@transaction.atomic
def edit(*, actor: Any, approval: Approval, arguments: Mapping[str, Any]) -> Approval:
    """Change what would be done; who said yes before has to look again.

    Raises Forbidden, Conflict as approve() does, InvalidInput for arguments that the tool does not take.
    """
    row = _locked(actor, approval)
    tool = held_tool(row.run.acts_as, row.tool)
    if tool is None:
        raise Conflict(_("This tool is gone."))
    try:
        check_arguments(tool, dict(arguments))
    except ToolFailed as error:
        raise InvalidInput(str(error), field="arguments") from error
    before, row.arguments = row.arguments, dict(arguments)
    row.digest = consent.digest_of(row.tool, row.arguments)
    row.save(update_fields=["arguments", "digest", "updated_at"])
    if row.arguments != before:
        record(actions.APPROVAL_EDITED, actor=actor, target=row, before=before, after=row.arguments)
    return row


@transaction.atomic
def decline(*, actor: Any, approval: Approval, reason: str = "") -> Approval:
    """Say no, with a reason that the agent is told. Raises Forbidden, Conflict when it is decided or too late."""
    row = _locked(actor, approval)
    row.reason = " ".join(reason.replace("\0", "").split())[:REASON_CHARS]
    row.save(update_fields=["reason", "updated_at"])
    Vote.objects.update_or_create(
        approval=row, person=actor, digest=row.digest, defaults={"name": str(actor)[:150], "is_for": False}
    )
    record(actions.APPROVAL_DECLINED, actor=actor, target=row, after={"tool": row.tool, "reason": row.reason})
    _decide(row, State.DECLINED)
    return row


@transaction.atomic
def revoke_consent(*, actor: Any, standing: StandingConsent) -> None:
    """Have an agent ask again. Raises Forbidden for somebody else's."""
    if standing.person_id != actor.pk:
        raise Forbidden(_("This consent is somebody else's."))
    record(actions.CONSENT_REVOKED, actor=actor, target=standing.agent, after={"tool": standing.tool})
    standing.delete()


def may_decide(actor: Any, approval: Approval) -> bool:
    """Say whether it is this person's to decide: one of those named who did not ask; with nobody named, who asked. Never a service's."""
    if not actor.is_active or actor.is_service:
        return False
    if not approval.approvers_name:
        return approval.run.started_by_id == actor.pk
    return approval.run.started_by_id != actor.pk and actor.groups.filter(pk=approval.approvers_id).exists()


def may_remember(approval: Approval) -> bool:
    """Say whether a standing consent could stand for this: who asked decides, and it asks for nothing but its risk."""
    return not approval.approvers_name and approval.why == Approval.Why.RISK


def _locked(actor: Any, approval: Approval) -> Approval:
    jobs.hold(object_id=approval.run_id, kind=RUN)
    row = Approval.objects.select_for_update(of=("self",)).select_related("run__agent").get(pk=approval.pk)
    if not may_decide(actor, row):
        raise Forbidden(_("This is not yours to decide."))
    if not row.is_waiting:
        raise Conflict(_("This has been decided, or its time is over."), code="not_waiting")
    return row


def _remember(actor: Any, row: Approval) -> None:
    if not may_remember(row):
        raise InvalidInput(_("This has to be asked each time."), field="remember")
    StandingConsent.objects.update_or_create(
        person=actor, agent=row.run.agent, tool=row.tool, defaults={"expires_at": timezone.now() + CONSENT_FOR}
    )
    record(actions.CONSENT_GIVEN, actor=actor, target=row.run.agent, after={"tool": row.tool})


def _decide(row: Approval, state: Approval.State) -> None:
    row.state, row.decided_at = state, timezone.now()
    row.save(update_fields=["state", "decided_at", "updated_at"])
    Run.objects.filter(pk=row.run_id, state=Run.State.WAITING).update(state=Run.State.QUEUED)
    jobs.resume(object_id=row.run_id, kind=RUN)
    transaction.on_commit(lambda: announce_approval(row.root_id))
