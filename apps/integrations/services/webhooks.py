"""What can be done with webhooks: add, change, switch, try and remove them, change their secret, send a message again."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.http import check_destination
from apps.core.language import one_line
from apps.core.permissions import require
from apps.core.webhooks import new_secret
from apps.integrations import actions, publishing
from apps.integrations.models import Webhook, WebhookDelivery

CHANGE = "integrations.change_webhook"
MOST = 20
BOTH_SIGN_FOR = timedelta(days=1)
FIELDS = ("name", "url", "events", "is_active")


def save_webhook(*, actor: Any, values: Mapping[str, Any], webhook: Webhook | None = None) -> tuple[Webhook, str]:
    """Add a webhook, or change one; return it, and the secret of a new address, shown this once.

    `values`: name, url, events, is_active; what is left out stays. Raises Forbidden, InvalidInput with the field, Conflict for a taken name.
    """
    require(actor, CHANGE)
    row = webhook or Webhook(events=[])
    url = str(values.get("url", row.url)).strip()
    if url != row.url or webhook is None:
        _check_url(url)  # looks the name up, which takes its time: before the transaction
    with transaction.atomic():
        return _save(actor, row, values, url, is_new=webhook is None)


def _save(actor: Any, row: Webhook, values: Mapping[str, Any], url: str, *, is_new: bool) -> tuple[Webhook, str]:
    if is_new and Webhook.objects.count() >= MOST:
        raise InvalidInput(_("There are %(n)d already. Remove one first.") % {"n": MOST}, field="name")
    before = None if is_new else _told(row)
    row.name = one_line(values.get("name", row.name), 40)
    if not row.name:
        raise InvalidInput(_("Write a name."), field="name")
    row.events = _checked_events(values.get("events", row.events))
    _switch(row, is_active=values.get("is_active", row.is_active))
    secret = new_secret() if url != row.url else ""
    row.url = url
    if secret:
        row.set_secret(secret)
        row.sealed_former, row.former_until = "", None
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("There is one of this name already."), field="name") from error
    record(
        actions.WEBHOOK_ADDED if is_new else actions.WEBHOOK_CHANGED,
        actor=actor,
        target=row,
        before=before,
        after=_told(row),
    )
    return row, secret


def _switch(row: Webhook, *, is_active: bool) -> None:
    if is_active and not row.is_active:
        row.off_because = ""
    row.is_active = is_active


def _checked_events(given: Any) -> list[str]:
    chosen = list(dict.fromkeys(given))
    if not chosen:
        raise InvalidInput(_("Choose what it is told."), field="events")
    if not set(chosen) <= set(Webhook.Event.values):
        raise InvalidInput(_("There is no such event."), field="events")
    return chosen


def _check_url(url: str) -> None:
    if not url or len(url) > 300:
        raise InvalidInput(_("Write an address of at most 300 characters."), field="url")
    try:
        check_destination(url, settings.PROVIDER_PRIVATE_HOSTS)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="url") from error


@transaction.atomic
def rotate_secret(*, actor: Any, webhook: Webhook) -> str:
    """Give a webhook a new secret and return it, this once; the former one signs as well for a day. Raises Forbidden."""
    require(actor, CHANGE)
    webhook.keep_former()
    webhook.former_until = timezone.now() + BOTH_SIGN_FOR
    secret = new_secret()
    webhook.set_secret(secret)
    webhook.save(update_fields=["sealed_secret", "sealed_former", "former_until", "updated_at"])
    record(actions.WEBHOOK_SECRET_CHANGED, actor=actor, target=webhook)
    return secret


@transaction.atomic
def try_webhook(*, actor: Any, webhook: Webhook) -> WebhookDelivery:
    """Send a trial. Raises Forbidden, Conflict for one that is off."""
    require(actor, CHANGE)
    if not webhook.is_active:
        raise Conflict(_("It is off. Switch it on first."))
    record(actions.WEBHOOK_TESTED, actor=actor, target=webhook)
    return publishing.write(webhook, Webhook.TRIAL, f"trial:{timezone.now().isoformat()}", {})


@transaction.atomic
def remove_webhook(*, actor: Any, webhook: Webhook) -> None:
    """Tell it nothing more; what it was told is forgotten. Raises Forbidden."""
    require(actor, CHANGE)
    record(actions.WEBHOOK_REMOVED, actor=actor, target=webhook, before=_told(webhook))
    webhook.delete()


@transaction.atomic
def send_again(*, actor: Any, delivery: WebhookDelivery) -> None:
    """Have a message that was given up sent again. Raises Forbidden, Conflict for another one or a webhook that is off."""
    require(actor, CHANGE)
    if not delivery.webhook.is_active:
        raise Conflict(_("It is off. Switch it on first."))
    if not publishing.send_again(delivery):
        raise Conflict(_("It has arrived, or is on its way."))
    record(actions.WEBHOOK_REPEATED, actor=actor, target=delivery.webhook, after={"message": str(delivery.message)})


def _told(row: Webhook) -> dict[str, Any]:
    return {field: getattr(row, field) for field in FIELDS}
