"""Visitors of other sites: who they are, and what they ask an agent there.

A visitor is who the site says that they are, by a JSON Web Token that it signs with the widget's secret (`sub`, `exp` at most a day ahead,
`name` if it likes), or with none of it whoever holds the token that their browser was given. Neither is an account.
"""

import time
from dataclasses import dataclass
from typing import Any

import jwt
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.conversations import services as chats
from apps.conversations.models import Conversation
from apps.core import tickets
from apps.core.caller import current_caller
from apps.core.errors import Forbidden, NotFound
from apps.core.language import one_line
from apps.core.limits import Limit, spend
from apps.core.models import is_storable
from apps.core.tenancy import current_tenant
from apps.widgets import actions
from apps.widgets.models import Visitor, VisitorConversation, Widget

DAY_S = 86_400
NAMED_FOR_S, KNOWN_FOR_S = DAY_S, 30 * DAY_S
LEEWAY_S = 30
MESSAGES = Limit("widget-messages", 12, 60)
ARRIVALS = Limit("widget-arrivals", 60, 3_600)
TICKET = "visit"


@dataclass(frozen=True)
class Visit:
    """A visitor with the token to be known by, and their conversation with a ticket for its socket; without one, both are empty."""

    visitor: Visitor | None
    token: str
    conversation: Conversation | None
    ticket: str


@dataclass(frozen=True)
class Named:
    """Whom a site says that a visitor is."""

    subject: str
    name: str


def find_widget(pk: Any) -> Widget:
    """Return a widget that is on. Raises NotFound."""
    found = Widget.objects.filter(pk=pk, is_active=True, account__is_active=True).select_related("agent", "account")
    row = found.first()
    if row is None:
        raise NotFound(_("This chat is not there (any more)."))
    return row


def visit(
    *, widget: Widget, identity: str = "", token: str = "", text: str = "", key: str = "", is_new: bool = False
) -> Visit:
    """Say who is there and, with a text, ask: in the conversation that they were in, or in a new one.

    `key` makes sending the same again harmless. Raises Forbidden for an identity that the site did not sign or that is missing,
    InvalidInput, Conflict while an answer is being written, TooManyRequests, Unavailable.
    """
    visitor = _recognised(widget, identity, token)
    conversation = current_conversation(visitor) if visitor is not None and not is_new else None
    if text:
        visitor = visitor or _arrived(widget, None)
        conversation = ask(visitor, conversation, text, key)
    if visitor is None:
        return Visit(None, "", None, "")
    Visitor.objects.filter(pk=visitor.pk).update(seen_at=timezone.now())
    ticket = "" if conversation is None else tickets.write(TICKET, _held(visitor, conversation))
    return Visit(visitor, _token(visitor), conversation, ticket)


def _held(visitor: Visitor, conversation: Conversation) -> dict[str, str]:
    return {"visitor": str(visitor.pk), "conversation": str(conversation.pk)}


def _recognised(widget: Widget, identity: str, token: str) -> Visitor | None:
    named = _named(widget, identity) if identity else None
    visitor = _arrived(widget, named) if named else _holder(widget, token)
    if widget.needs_identity and (visitor is None or not visitor.subject):
        raise Forbidden(_("Sign in on this site to ask here."), code="identity_needed")
    return visitor


def _named(widget: Widget, identity: str) -> Named:
    try:
        claims = jwt.decode(
            identity,
            widget.secret(),
            algorithms=["HS256"],
            leeway=LEEWAY_S,
            options={"require": ["exp", "sub"], "verify_aud": False},
        )
    except (
        jwt.PyJWTError,
        ArithmeticError,
        TypeError,
        ValueError,
    ) as error:  # PyJWT takes some odd numbers as they come
        raise Forbidden(_("The site named you in a way that cannot be trusted."), code="identity_refused") from error
    subject, name = claims["sub"], claims.get("name", "")
    is_long = int(claims["exp"]) > time.time() + NAMED_FOR_S + LEEWAY_S
    is_whole = isinstance(name, str) and 0 < len(subject) <= 200 and is_storable([subject, name])
    if is_long or not is_whole:
        raise Forbidden(_("The site named you in a way that cannot be trusted."), code="identity_refused")
    return Named(subject, one_line(name, 120))


@transaction.atomic
def _arrived(widget: Widget, named: Named | None) -> Visitor:
    """Return the visitor whom a site names, or a new one. Raises TooManyRequests for too many unnamed ones from one address."""
    if named is None:
        spend(ARRIVALS, f"{widget.pk}:{current_caller().address}")
        visitor, is_new = Visitor.objects.create(widget=widget), True
    else:
        names = {"name": named.name}
        visitor, is_new = Visitor.objects.get_or_create(widget=widget, subject=named.subject, defaults=names)
        if named.name and named.name != visitor.name:
            visitor.name = named.name
            visitor.save(update_fields=["name"])
    if is_new:
        record(actions.VISITOR_CAME, actor=widget.account, target=widget, after={"visitor": str(visitor.pk)})
    return visitor


def _salt() -> str:
    return f"widgets.visitor:{current_tenant().slug}"


def _token(visitor: Visitor) -> str:
    life = NAMED_FOR_S if visitor.subject else KNOWN_FOR_S
    return signing.dumps({"visitor": str(visitor.pk), "until": int(time.time()) + life}, salt=_salt())


def _holder(widget: Widget, token: str) -> Visitor | None:
    """Return whom a token was given to; None where it opens nothing (any more), as for somebody who was never here."""
    if not token:
        return None
    try:
        held = signing.loads(token, salt=_salt(), max_age=KNOWN_FOR_S)
    except signing.BadSignature:
        return None
    if held["until"] < time.time():
        return None
    return (
        Visitor.objects.filter(pk=held["visitor"], widget=widget)
        .select_related("widget__agent", "widget__account")
        .first()
    )


def current_conversation(visitor: Visitor) -> Conversation | None:
    """Return the conversation that a visitor is in: the newest with the agent that answers there now."""
    agent_id = visitor.widget.agent_id
    newest = visitor.exchanges.filter(conversation__agent_id=agent_id).select_related("conversation__agent").first()
    return newest.conversation if newest is not None else None


@transaction.atomic
def ask(visitor: Visitor, conversation: Conversation | None, text: str, key: str = "") -> Conversation:
    """Ask the agent for a visitor, in a conversation of theirs or a new one. Raises InvalidInput, Conflict, TooManyRequests, Unavailable."""
    spend(MESSAGES, str(visitor.pk))
    account, agent = visitor.widget.account, visitor.widget.agent
    once: dict[str, Any] = {"idempotency_key": f"{visitor.pk}:{key[:60]}" if key else ""}
    if conversation is not None:
        chats.send_message(actor=account, conversation=conversation, text=text, **once)
        return conversation
    reply = chats.start_conversation(actor=account, agent=agent, text=text, **once)
    VisitorConversation.objects.get_or_create(visitor=visitor, conversation=reply.conversation)
    return reply.conversation


def welcome(ticket: str, conversation_pk: Any) -> tuple[Visitor, Conversation] | None:
    """Return for whom a ticket opens a conversation; None where it opens none."""
    held = tickets.tear(TICKET, ticket)
    if held is None or held["conversation"] != str(conversation_pk):
        return None
    rows = VisitorConversation.objects.select_related(
        "visitor__widget__account", "visitor__widget__agent", "conversation__agent"
    )
    found = rows.filter(visitor=held["visitor"], conversation=held["conversation"]).first()
    return (found.visitor, found.conversation) if found is not None else None


def is_welcome(visitor: Visitor) -> bool:
    """Say whether a visitor may (still) be here."""
    return Visitor.objects.filter(pk=visitor.pk, widget__is_active=True, widget__account__is_active=True).exists()
