"""Setting up chats on other sites: where an agent stands, whom it answers, and what its answers may rest on."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.events import rights_changed
from apps.accounts.grants import USE, VIEW, Shared
from apps.accounts.models import User
from apps.accounts.services import sharing
from apps.accounts.services.keys import make_outside_account
from apps.agents.models import Agent
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.language import one_line
from apps.core.permissions import require
from apps.knowledge.models import KnowledgeBase
from apps.widgets import actions
from apps.widgets.models import Widget

CHANGE = "widgets.change_widget"
MOST_WIDGETS, MOST_ORIGINS = 50, 20
FIELDS = ("name", "origins", "greeting", "needs_identity", "is_active")
LOOPBACK = frozenset({"localhost", "127.0.0.1"})
USUAL_PORTS = {"https": 443, "http": 80}


def save_widget(*, actor: Any, values: Mapping[str, Any], widget: Widget | None = None) -> tuple[Widget, str]:
    """Set up a chat on other sites, or change one; return it, and the secret of a new one, shown this once.

    `values`: name, agent, origins, collections (what answers may rest on), greeting, needs_identity, is_active; what is left out
    stays. The agent and the collections are shared with the widget's account, so the actor has to manage them.

    Raises Forbidden, InvalidInput with the field, Conflict for a taken name.
    """
    require(actor, CHANGE)
    with transaction.atomic():
        row = widget or _new(actor)
        before = None if widget is None else _told(row)
        _fill(row, values)
        secret = "" if widget else _with_secret(row)
        _place(actor, row, values)
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as error:
            raise Conflict(_("There is one of this name already."), field="name") from error
        action = actions.WIDGET_CHANGED if widget else actions.WIDGET_ADDED
        record(action, actor=actor, target=row, before=before, after=_told(row))
        if not row.is_active:
            rights_changed.send(sender=User, user=row.account)
    return row, secret


def _new(actor: Any) -> Widget:
    if Widget.objects.count() >= MOST_WIDGETS:
        raise InvalidInput(_("There are %(n)d already. Remove one first.") % {"n": MOST_WIDGETS}, field="name")
    return Widget(account=make_outside_account(actor=actor, name=_("Visitors")), origins=[])


def _fill(row: Widget, values: Mapping[str, Any]) -> None:
    row.name = one_line(values.get("name", row.name), 60)
    if not row.name:
        raise InvalidInput(_("Write a name."), field="name")
    row.origins = _checked_origins(values.get("origins", row.origins))
    row.greeting = one_line(values.get("greeting", row.greeting), 300)
    row.needs_identity = values.get("needs_identity", row.needs_identity)
    row.is_active = values.get("is_active", row.is_active)


def _checked_origins(given: Iterable[str]) -> list[str]:
    """Return where the chat may stand, as browsers name it: scheme, host and port. Raises InvalidInput."""
    chosen = list(dict.fromkeys(_origin(text) for text in map(str.strip, given) if text))
    if not chosen:
        raise InvalidInput(_("Write at least one site, for example https://www.example.com."), field="origins")
    if len(chosen) > MOST_ORIGINS:
        raise InvalidInput(_("At most %(n)d sites.") % {"n": MOST_ORIGINS}, field="origins")
    return chosen


def _origin(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    is_bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    if not (is_bare and is_safe and _is_host(host)) or port == 0:
        words = _("“%(text)s” is no site. Write https:// and its name, without a path.")
        raise InvalidInput(words % {"text": text[:100]}, field="origins")
    is_usual = port in (None, USUAL_PORTS[parts.scheme])  # browsers leave it out
    return f"{parts.scheme}://{host}" + ("" if is_usual else f":{port}")


def _is_host(host: str) -> bool:
    """Say whether a name can stand in a page's policy: ASCII labels, or an IPv4 address."""
    labels = host.split(".")
    named = all(label and len(label) <= 63 and label.strip("-") == label for label in labels) and len(host) <= 150
    return named and host.isascii() and host.replace(".", "").replace("-", "").isalnum()


def _place(actor: Any, row: Widget, values: Mapping[str, Any]) -> None:
    """Share the agent and the collections with the account, and take from it what it had instead."""
    User.objects.filter(pk=row.account_id).update(name=row.name)
    row.account.name = row.name
    if "agent" in values:
        row.agent = _agent(actor, values["agent"])
        _share_alone(actor, row.account, Agent.objects.filter(draft_of=None), [row.agent], USE)
    if row.agent_id is None:
        raise InvalidInput(_("Choose an agent."), field="agent")
    if "collections" in values:
        managed = KnowledgeBase.objects.manageable_by(actor)
        chosen = list(managed.filter(pk__in=values["collections"]))
        if len(chosen) != len(set(values["collections"])):
            raise InvalidInput(_("Choose collections that you manage."), field="collections")
        _share_alone(actor, row.account, managed, chosen, VIEW)


def _agent(actor: Any, pk: Any) -> Agent:
    found = Agent.objects.manageable_by(actor).filter(pk=pk, draft_of=None).first()
    if found is None:
        raise InvalidInput(_("Choose an agent that you manage."), field="agent")
    return found


def _share_alone(actor: Any, account: User, among: Any, chosen: list[Any], level: str) -> None:
    """Share these with an account, and of those among them no others."""
    held: list[Shared] = list(among.filter(user_grants__user=account).distinct())
    for shared in held:
        if shared not in chosen:
            sharing.unshare(actor=actor, shared=shared, to=account)
    for shared in chosen:
        if shared not in held:
            sharing.share(actor=actor, shared=shared, to=account, level=level)


def _with_secret(row: Widget) -> str:
    secret = secrets.token_urlsafe(32)
    row.set_secret(secret)
    return secret


@transaction.atomic
def rotate_secret(*, actor: Any, widget: Widget) -> str:
    """Give a widget a new secret and return it, this once; what the former one signed names nobody any more. Raises Forbidden."""
    require(actor, CHANGE)
    secret = _with_secret(widget)
    widget.save(update_fields=["sealed_secret", "updated_at"])
    record(actions.WIDGET_SECRET_CHANGED, actor=actor, target=widget)
    return secret


@transaction.atomic
def remove_widget(*, actor: Any, widget: Widget) -> None:
    """Take an agent off other sites; its account is shut, who came is forgotten, what was said stays. Raises Forbidden."""
    require(actor, CHANGE)
    record(actions.WIDGET_REMOVED, actor=actor, target=widget, before=_told(widget))
    account = widget.account
    widget.delete()
    User.objects.filter(pk=account.pk).update(is_active=False)
    rights_changed.send(sender=User, user=account)


def collections_of(widget: Widget) -> Any:
    """Return the collections that answers there may rest on."""
    return KnowledgeBase.objects.filter(user_grants__user=widget.account_id)


def _told(row: Widget) -> dict[str, Any]:
    return {field: getattr(row, field) for field in FIELDS} | {"agent": str(row.agent)}
