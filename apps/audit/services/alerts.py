"""Where alerts go."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.audit import actions, deliveries
from apps.audit.actions import Severity
from apps.audit.models import Alert, AlertChannel
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.http import check_destination
from apps.core.permissions import require
from apps.core.webhooks import new_secret

RIGHT = "audit.manage_alerts"
MOST = 20


@dataclass(frozen=True)
class NewChannel:
    """A channel just made, and for a webhook the secret that its requests are signed with, shown this once."""

    channel: AlertChannel
    secret: str


def add_channel(*, actor: Any, kind: str, target: str, least: int = Severity.HIGH, language: str = "") -> NewChannel:
    """Have alerts from a severity on sent to an e-mail or web address.

    Raises Forbidden, InvalidInput for an address that is none or that we may not call, Conflict for one that is there already.
    """
    require(actor, RIGHT)
    target = target.strip()
    _check_target(kind, target)  # looks the name up, which takes its time: before the transaction
    with transaction.atomic():
        return _add(actor, AlertChannel(kind=kind, target=target, least=Severity(least), language=language))


def _add(actor: Any, channel: AlertChannel) -> NewChannel:
    if AlertChannel.objects.count() >= MOST:
        raise InvalidInput(_("There are %(n)d already. Remove one first.") % {"n": MOST}, field="target")
    secret = ""
    if channel.kind == AlertChannel.Kind.WEBHOOK:
        secret = new_secret()
        channel.set_secret(secret)
    try:
        with transaction.atomic():
            channel.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(_("Alerts go there already."), code="channel_exists") from error
    record(actions.ALERTS_ADDED, actor=actor, target=channel, after={"kind": channel.kind, "least": channel.least})
    return NewChannel(channel, secret)


def _check_target(kind: str, target: str) -> None:
    if kind == AlertChannel.Kind.EMAIL:
        try:
            validate_email(target)
        except ValidationError as error:
            raise InvalidInput(error.messages[0], field="target") from error
        return
    if len(target) > 300:
        raise InvalidInput(_("This address is too long."), field="target")
    try:
        check_destination(target, settings.PROVIDER_PRIVATE_HOSTS)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="target") from error


@transaction.atomic
def remove_channel(*, actor: Any, channel: AlertChannel) -> None:
    """Send no more alerts there. Raises Forbidden."""
    require(actor, RIGHT)
    record(actions.ALERTS_REMOVED, actor=actor, target=channel)
    channel.delete()


@transaction.atomic
def try_channel(*, actor: Any, channel: AlertChannel) -> Alert:
    """Send a trial alert. Raises Forbidden."""
    require(actor, RIGHT)
    alert = Alert.objects.create(channel=channel, severity=channel.least)
    record(actions.ALERTS_TESTED, actor=actor, target=channel)
    deliveries.send(alert)
    return alert


@transaction.atomic
def send_again(*, actor: Any, alert: Alert) -> None:
    """Send an alert again that could not be sent. Raises Forbidden, Conflict while it is on its way or was sent."""
    require(actor, RIGHT)
    if not Alert.objects.filter(pk=alert.pk, state=Alert.State.FAILED).update(state=Alert.State.QUEUED, error=""):
        raise Conflict(_("This alert is on its way, or was sent."), code="not_failed")
    record(actions.ALERT_REPEATED, actor=actor, target=alert.channel)
    deliveries.send(alert)
