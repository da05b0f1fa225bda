"""What happens here is told to webhooks: written down with what happened, sent in order for each object, tried for a day.

A message is written in the transaction of what it tells, so there is none about what was taken back. Of the messages of one object to one webhook
the oldest alone has a job; when it is through, delivered or given up, the next one gets it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.audit.services.trail import record
from apps.core import webhooks
from apps.core.tenancy import current_tenant, has_tenant
from apps.integrations import actions
from apps.integrations.models import Webhook, WebhookDelivery
from apps.jobs import engine
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.types import AGENTS, Claim

DELIVER = "webhook.deliver"
"""The kind of job that sends a message; the object is its `message`."""
KEPT_FOR = timedelta(days=30)
SILENT = gettext_noop("Nothing arrived there for as long as a message is tried.")
OFF = gettext_noop("It was switched off.")
State = WebhookDelivery.State


def publish(event: str, about: str, data: Callable[[], dict[str, Any]]) -> None:
    """Tell webhooks that want the event, in the caller's transaction; `about` is the object whose messages stay in order.

    `data` gives what they are told; it is asked only where somebody listens.
    """
    wanted = list(Webhook.objects.filter(is_active=True, events__contains=[event])) if has_tenant() else []
    told = data() if wanted else {}
    for webhook in wanted:
        write(webhook, event, about, told)


def write(webhook: Webhook, event: str, about: str, data: dict[str, Any]) -> WebhookDelivery:
    """Write one message down, and have it sent when those about the same object before it are through."""
    with transaction.atomic():
        _hold(webhook.pk, about)
        is_first = not _waiting(webhook.pk, about).exists()
        moment = timezone.now().isoformat()
        payload = {"type": event, "timestamp": moment, "data": {"organisation": current_tenant().slug} | data}
        row = WebhookDelivery.objects.create(webhook=webhook, event=event, about=about[:80], payload=payload)
        if is_first:
            _send(row.message)
    return row


def _hold(webhook_pk: UUID, about: str) -> None:
    """Let nobody else add to, or go on with, the messages about an object until this transaction ends."""
    with connection.cursor() as cursor:
        name = f"{current_tenant().id} webhook {webhook_pk} {about[:80]}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _waiting(webhook_pk: UUID, about: str) -> Any:
    found = WebhookDelivery.objects.filter(webhook_id=webhook_pk, about=about[:80], state=State.QUEUED)
    return found.order_by("id")


def _send(message: UUID, *, delay_s: float = 0) -> None:
    at = timezone.now() + timedelta(seconds=delay_s) if delay_s else None
    jobs.enqueue(kind=DELIVER, queue=AGENTS, object_id=message, not_before=at, is_owed=True)


def send_again(delivery: WebhookDelivery) -> bool:
    """Try a message that was given up once more, before those about its object that wait; return whether it was one.

    One of them that is being tried keeps its turn, so that never two are on their way.
    """
    with transaction.atomic():
        _hold(delivery.webhook_id, delivery.about)
        is_first = not _waiting(delivery.webhook_id, delivery.about).exists()
        dead = WebhookDelivery.objects.filter(pk=delivery.pk, state=State.DEAD)
        was_dead = bool(dead.update(state=State.QUEUED, tries=0, error="", next_at=None))
        if was_dead and is_first:
            _send(delivery.message)
    return was_dead


class WebhookCalls:
    """Handler of jobs of the kind DELIVER. A receiver may get a message twice, with the same `webhook-id`."""

    def work(self, claim: Claim) -> None:
        row = WebhookDelivery.objects.select_related("webhook").filter(message=claim.object_id).first()
        claim.ensure_held()
        reason = _called(row) if row is not None and row.state == State.QUEUED else ""
        with engine.settlement(claim, Job.State.SUCCEEDED):
            if row is not None and row.state == State.QUEUED:
                _settle(row, reason)

    def cancel(self, claim: Claim) -> None:
        self.bury(claim, "")

    def bury(self, claim: Claim, reason: str) -> None:
        row = WebhookDelivery.objects.filter(message=claim.object_id, state=State.QUEUED).first()
        if row is not None:
            _give_up(row, reason)


def _called(row: WebhookDelivery) -> str:
    webhook = row.webhook
    if not webhook.is_active:
        return str(webhook.off_because) or OFF
    both_sign = webhook.former_until is not None and webhook.former_until > timezone.now()
    former = webhook.former_secret() if both_sign else ""
    return webhooks.deliver(
        webhook.url, secret=webhook.secret(), former=former, message_id=str(row.message), payload=row.payload
    )


def _settle(row: WebhookDelivery, reason: str) -> None:
    """Write down what a try came to: it arrived, is tried again later, or is given up."""
    delays = settings.WEBHOOK_DELAYS_S
    if not reason:
        about = {"state": State.SENT, "sent_at": Now(), "next_at": None, "error": ""}
        WebhookDelivery.objects.filter(pk=row.pk).update(tries=F("tries") + 1, **about)
        _go_on(row)
        return
    if row.tries >= len(delays) or not row.webhook.is_active:
        _give_up(row, reason)
        return
    delay_s = delays[row.tries]
    next_at = timezone.now() + timedelta(seconds=delay_s)
    WebhookDelivery.objects.filter(pk=row.pk).update(tries=F("tries") + 1, next_at=next_at, error=reason[:300])
    _send(row.message, delay_s=delay_s)


def _give_up(row: WebhookDelivery, reason: str) -> None:
    gone = WebhookDelivery.objects.filter(pk=row.pk)
    gone.update(state=State.DEAD, tries=F("tries") + 1, next_at=None, error=reason[:300])
    _go_on(row)
    arrived = WebhookDelivery.objects.filter(webhook=row.webhook_id, state=State.SENT, sent_at__gte=row.created_at)
    if reason and row.event != Webhook.TRIAL and not arrived.exists():
        _switch_off(row.webhook_id)


def _switch_off(pk: UUID) -> None:
    """Send nothing more to a receiver to which nothing came through for a message's whole time."""
    if Webhook.objects.filter(pk=pk, is_active=True).update(is_active=False, off_because=SILENT):
        webhook = Webhook.objects.get(pk=pk)
        record(actions.WEBHOOK_SILENT, actor=None, target=webhook, after={"url": webhook.url})


def _go_on(row: WebhookDelivery) -> None:
    _hold(row.webhook_id, row.about)
    following = _waiting(row.webhook_id, row.about).first()
    if following is not None:
        _send(following.message)


def forget_old() -> int:
    """Remove what was delivered or given up a month ago; return how much."""
    if not has_tenant():
        return 0
    old = WebhookDelivery.objects.exclude(state=State.QUEUED).filter(created_at__lt=timezone.now() - KEPT_FOR)
    return old.delete()[0]
