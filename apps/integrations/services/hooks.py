"""Addresses of ours that connected services call: open one, shut it, and take what comes."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.core.errors import Forbidden, InvalidInput, NotFound
from apps.core.limits import Limit, spend
from apps.core.permissions import require
from apps.integrations import actions, hooks
from apps.integrations.events import service_told
from apps.integrations.models import Connection, Hook
from apps.integrations.services.connections import CHANGE

MOST_BYTES = 1 << 20
OFTEN = Limit("hook", amount=600, per_s=60)
SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is written down when something came."""


@transaction.atomic
def open_hook(*, actor: Any, connection: Connection) -> tuple[Hook, str]:
    """Give a connection an address that its service calls, or that address a new secret; return both, the secret this once.

    Raises Forbidden, InvalidInput for a kind of service that tells nothing.
    """
    require(actor, CHANGE)
    if connection.kind not in hooks.READERS:
        raise InvalidInput(_("Only Jira, GitHub and GitLab tell what happens."), field="kind")
    hook, _is_new = Hook.objects.get_or_create(connection=connection)
    secret = secrets.token_urlsafe(32)  # it may have to stand in an address
    hook.set_secret(secret)
    hook.heard_at = hook.refused_at = None
    hook.save()
    record(actions.HOOK_OPENED, actor=actor, target=connection)
    return hook, secret


@transaction.atomic
def close_hook(*, actor: Any, connection: Connection) -> None:
    """Take the address away. Raises Forbidden."""
    require(actor, CHANGE)
    gone, _rows = Hook.objects.filter(connection=connection).delete()
    if gone:
        record(actions.HOOK_CLOSED, actor=actor, target=connection)


def hear(*, pk: Any, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> bool:
    """Take what a service says; return whether it is of a kind that automations can wait for. The same one twice starts things once.

    Raises NotFound, Forbidden for what does not know the secret, TooManyRequests, InvalidInput.
    """
    hook = Hook.objects.select_related("connection").filter(pk=pk, connection__is_active=True).first()
    if hook is None:
        raise NotFound(_("There is nothing here."))
    spend(OFTEN, str(hook.pk))
    connection = hook.connection
    if not hooks.is_genuine(connection.kind, hook.secret(), headers, query, body):
        _note(hook, "refused_at")
        raise Forbidden(_("This does not carry the secret."))
    try:
        told = hooks.read(connection.kind, headers, body)
    except ValueError as error:
        raise InvalidInput(_("This is not a JSON object.")) from error
    _note(hook, "heard_at")
    if told is None:
        return False
    with transaction.atomic():
        service_told.send(sender=Connection, connection=connection, told=told)
    return True


def _note(hook: Hook, field: str) -> None:
    now = timezone.now()
    old = Q(**{f"{field}__lt": now - SEEN_EVERY}) | Q(**{field: None})
    Hook.objects.filter(old, pk=hook.pk).update(**{field: now})
