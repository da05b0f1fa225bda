"""Where the result of an occurrence goes: into a conversation, to people, to a web address. By jobs, but for the first."""

from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.types import Source
from apps.core import webhooks
from apps.core.markdown import render
from apps.core.tenancy import current_tenant
from apps.core.webhooks import DELAYS_S
from apps.jobs import engine
from apps.jobs import services as jobs
from apps.jobs.errors import RetryLater
from apps.jobs.models import Job
from apps.jobs.types import AGENTS, Claim
from apps.mails import services as mails
from apps.workflows.events import result_wanted
from apps.workflows.models import Delivery, Execution, Occurrence
from apps.workflows.types import DELIVER, SEND_OUT


def hand_over(run: Run, sources: Sequence[Source]) -> None:
    """Have the result of a run that an automation started go where it is wanted; part of the checkpoint that ends the run."""
    occurrence = Occurrence.objects.filter(run=run).select_related("automation__owner", "automation__agent").first()
    if occurrence is None:
        return
    automation = occurrence.automation
    if automation.to_conversation:
        _note(occurrence, Delivery.Kind.CONVERSATION, "", state=Delivery.State.SENT)
        result_wanted.send(sender=Occurrence, occurrence=occurrence, run=run, sources=sources)
    _send_out(occurrence)


def hand_over_execution(execution: Execution) -> bool:
    """Have the result of a workflow that an automation started go where it is wanted; False for one that a person started.

    Part of the settlement that ends it.
    """
    occurrence = Occurrence.objects.filter(execution=execution).select_related("automation__owner").first()
    if occurrence is None:
        return False
    _send_out(occurrence)
    return True


def _send_out(occurrence: Occurrence) -> None:
    automation = occurrence.automation
    for person in automation.recipients.filter(is_active=True):
        send(_note(occurrence, Delivery.Kind.EMAIL, person.email))
    if automation.webhook_url:
        send(_note(occurrence, Delivery.Kind.WEBHOOK, automation.webhook_url))


def _note(
    occurrence: Occurrence, kind: Delivery.Kind, target: str, *, state: Delivery.State = Delivery.State.QUEUED
) -> Delivery:
    """Write a delivery down; one whose run was taken up again is made once more."""
    sent_at = Now() if state == Delivery.State.SENT else None
    about: dict[str, Any] = {"state": state, "error": "", "sent_at": sent_at}
    return Delivery.objects.update_or_create(occurrence=occurrence, kind=kind, target=target, defaults=about)[0]


def send(delivery: Delivery) -> None:
    """Queue a delivery."""
    jobs.enqueue(kind=DELIVER, queue=AGENTS, object_id=delivery.pk, dedupe_key=str(delivery.pk), is_owed=True)


class Deliveries:
    """Handler of jobs of the kind DELIVER. A receiver may get one twice, with the same `webhook-id`."""

    def work(self, claim: Claim) -> None:
        found = Delivery.objects.select_related(
            "occurrence__automation__owner", "occurrence__run__agent", "occurrence__execution"
        )
        delivery = found.filter(pk=claim.object_id).first()
        claim.ensure_held()
        if delivery is not None and delivery.kind == Delivery.Kind.WEBHOOK:
            _call(delivery, claim)
        with engine.settlement(claim, Job.State.SUCCEEDED):
            if delivery is not None and delivery.kind == Delivery.Kind.EMAIL:
                _write(delivery)
            _end(claim, Delivery.State.SENT, sent_at=Now(), error="")

    def cancel(self, claim: Claim) -> None:
        _end(claim, Delivery.State.FAILED)

    def bury(self, claim: Claim, reason: str) -> None:
        _end(claim, Delivery.State.FAILED, error=reason[:300])


def _end(claim: Claim, state: Delivery.State, **fields: object) -> None:
    Delivery.objects.filter(pk=claim.object_id).update(state=state, **fields)


def _write(delivery: Delivery) -> None:
    occurrence = delivery.occurrence
    person = User.objects.filter(email__iexact=delivery.target, is_active=True).first()
    came = occurrence.run or occurrence.execution
    if person is None or came is None:
        return
    context = {
        "automation": occurrence.automation,
        "asked": occurrence.run.agent.name if occurrence.run else came,
        "came": came,
        "html": render(came.answer),
        "url": current_tenant().address(f"/automations/{occurrence.automation_id}/"),
    }
    mails.send("workflows/email/result", to=person.email, language=person.language, **context)


def _call(delivery: Delivery, claim: Claim) -> None:
    automation = delivery.occurrence.automation
    if automation.webhook_url != delivery.target:
        raise RetryLater(_("The web address is another one now."), delay_s=0)
    if not automation.owner.has_perm(SEND_OUT):
        raise RetryLater(_("Its owner may not have results sent to web addresses (any more)."), delay_s=0)
    reason = webhooks.deliver(
        delivery.target, secret=automation.secret(), message_id=str(delivery.pk), payload=payload(delivery)
    )
    if reason:
        raise RetryLater(reason, delay_s=DELAYS_S[min(claim.attempts, len(DELAYS_S) - 1)])


def _told(execution: Execution) -> dict[str, Any]:
    return {
        "id": str(execution.pk),
        "workflow": execution.name,
        "state": execution.state,
        "answer": execution.answer,
        "error": execution.error,
        "url": current_tenant().address(f"/workflows/executions/{execution.pk}/"),
    }


def payload(delivery: Delivery) -> dict[str, Any]:
    """Return what a web address is sent."""
    occurrence, tenant = delivery.occurrence, current_tenant()
    automation, run = occurrence.automation, occurrence.run
    data: dict[str, Any] = {
        "organisation": tenant.slug,
        "automation": {"id": str(automation.pk), "name": automation.name},
        "occurrence": {"id": str(occurrence.pk), "cause": occurrence.cause, "due_at": occurrence.due_at.isoformat()},
    }
    if run is not None:
        data["run"] = {
            "id": str(run.pk),
            "agent": run.agent.name,
            "state": run.state,
            "answer": run.answer,
            "error": run.error,
            "url": tenant.address(f"/runs/{run.pk}/"),
        }
    if occurrence.execution is not None:
        data["execution"] = _told(occurrence.execution)
    return {"type": "automation.finished", "timestamp": occurrence.due_at.isoformat(), "data": data}
