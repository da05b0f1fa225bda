"""The worker side of alerts: by e-mail, or by a web request signed as https://www.standardwebhooks.com/ says."""

from typing import Any

import structlog
from django.db.models.functions import Now

from apps.audit.actions import Severity, words_for
from apps.audit.models import Alert, AlertChannel, SecurityEvent
from apps.core import webhooks
from apps.core.errors import DomainError
from apps.core.tenancy import current_tenant, has_tenant
from apps.core.webhooks import DELAYS_S
from apps.jobs import engine
from apps.jobs import services as jobs
from apps.jobs.errors import RetryLater
from apps.jobs.models import Job
from apps.jobs.types import AGENTS, Claim
from apps.mails import services as mails

log = structlog.get_logger(__name__)
ALERT = "audit.alert"
PAGE = "/security/"


def tell(event: SecurityEvent) -> None:
    """Queue an alert for each channel that wants events of this severity; in public there are none."""
    if has_tenant():
        for channel in AlertChannel.objects.filter(least__lte=event.severity):
            alert, is_new = Alert.objects.get_or_create(channel=channel, event=event, severity=event.severity)
            if is_new:
                send(alert)


def send(alert: Alert) -> None:
    """Have an alert sent. A queue that is full does not keep what happened from being written down."""
    try:
        jobs.enqueue(kind=ALERT, queue=AGENTS, object_id=alert.pk)
    except DomainError as error:
        log.warning("alert_not_queued", alert=str(alert.pk), reason=error.code)
        Alert.objects.filter(pk=alert.pk).update(state=Alert.State.FAILED, error=str(error.message)[:300])


class AlertSender:
    """Handler of jobs of the kind ALERT; the object is an Alert. A receiver may get one twice, with the same `webhook-id`."""

    def work(self, claim: Claim) -> None:
        alert = Alert.objects.select_related("channel", "event").filter(pk=claim.object_id).first()
        claim.ensure_held()
        if alert is not None and alert.channel.kind == AlertChannel.Kind.WEBHOOK:
            _call(alert, claim)
        with engine.settlement(claim, Job.State.SUCCEEDED):
            if alert is not None and alert.channel.kind == AlertChannel.Kind.EMAIL:
                _write(alert)
            self._end(claim, Alert.State.SENT, sent_at=Now(), error="")

    def cancel(self, claim: Claim) -> None:
        self._end(claim, Alert.State.FAILED)

    def bury(self, claim: Claim, reason: str) -> None:
        self._end(claim, Alert.State.FAILED, error=reason[:300])

    def _end(self, claim: Claim, state: Alert.State, **fields: object) -> None:
        Alert.objects.filter(pk=claim.object_id).update(state=state, **fields)


def _write(alert: Alert) -> None:
    channel, event = alert.channel, alert.event
    context = {
        "event": event,
        "severity": Severity(alert.severity),
        "url": current_tenant().address(PAGE),
        "words": words_for(event.kind) if event else "",
    }
    mails.send("audit/email/alert", to=channel.target, language=channel.language, **context)


def _call(alert: Alert, claim: Claim) -> None:
    channel = alert.channel
    reason = webhooks.deliver(channel.target, secret=channel.secret(), message_id=str(alert.pk), payload=payload(alert))
    if reason:
        raise RetryLater(reason, delay_s=DELAYS_S[min(claim.attempts, len(DELAYS_S) - 1)])


def payload(alert: Alert) -> dict[str, Any]:
    """Return what a webhook is sent; without an event it is a trial."""
    event, tenant = alert.event, current_tenant()
    data: dict[str, Any] = {
        "organisation": tenant.slug,
        "severity": Severity(alert.severity).name.lower(),
        "url": tenant.address(PAGE),
    }
    if event is None:
        return {"type": "security.trial", "timestamp": alert.created_at.isoformat(), "data": data}
    data |= {
        "id": str(event.pk),
        "kind": event.kind,
        "subject": event.subject,
        "actor": {"id": event.actor_id, "name": event.actor_name},
        "address": event.address,
        "count": event.count,
        "first_at": event.first_at.isoformat(),
        "last_at": event.last_at.isoformat(),
        "details": event.details,
    }
    return {"type": "security.event", "timestamp": event.last_at.isoformat(), "data": data}
