"""A conversation as a file to keep: PDF, Word, Markdown or JSON."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.conversations import actions
from apps.conversations.models import Citation, Conversation, Message
from apps.core.colours import STANDARD
from apps.core.errors import NotFound, TooLarge
from apps.core.markdown import CITED, outside_code
from apps.core.paper import Paper, Source
from apps.core.paper.types import Words
from apps.core.saving import KINDS, File, saved_as
from apps.core.tenancy import current_tenant
from apps.tenants.services import logo_of

JSON = "json"
MOST_MESSAGES = 2_000
HEADING = re.compile(r"^(#{1,6})(?=\s)", re.MULTILINE)


def messages_of(conversation: Conversation) -> list[Message]:
    """Return what stands in the shown branch, oldest first, with its citations. Raises TooLarge beyond MOST_MESSAGES."""
    rows = conversation.messages.shown().select_related("run").prefetch_related("citations")
    found = list(rows[: MOST_MESSAGES + 1])
    if len(found) > MOST_MESSAGES:
        raise TooLarge(_("This conversation has more than %(n)d messages.") % {"n": MOST_MESSAGES})
    return found


def file_of(
    *, actor: Any, conversation: Conversation, kind: str, messages: list[Message], documents: set[UUID] | None
) -> File:
    """Return a conversation as `pdf`, `docx`, `md` or `json`; that it was saved is written down.

    `documents` are those whose citations the actor may see; None: all. Whether they see the conversation, the door checks.
    Raises NotFound for another kind, TooLarge, Unavailable.
    """
    if kind not in (*KINDS, JSON):
        raise NotFound(_("There is no file of this kind."))
    name = f"{slugify(conversation.title)[:60] or 'conversation'}-{str(conversation.pk)[:8]}.{kind}"
    if kind == JSON:
        body = orjson.dumps(_told(conversation, messages, documents), default=str, option=orjson.OPT_INDENT_2)
        made = File(name, "application/json", body)
    else:
        made = saved_as(kind, name, _paper(conversation, messages, documents))
    record(actions.CONVERSATION_SAVED, actor=actor, target=conversation, after={"as": kind})
    return made


def _seen(message: Message, documents: set[UUID] | None) -> list[Citation]:
    cited = [each for each in message.citations.all() if each.is_cited]
    return [each for each in cited if documents is None or each.document_id in documents]


def _told(conversation: Conversation, messages: Iterable[Message], documents: set[UUID] | None) -> dict[str, Any]:
    fields = ("number", "document_name", "document_id", "chunk_id", "heading", "page", "quote")
    return {
        "id": conversation.pk,
        "title": conversation.title,
        "owner": {"id": conversation.owner_id, "name": conversation.owner.name},
        "agent": {"id": conversation.agent_id, "name": conversation.agent.name},
        "created_at": conversation.created_at,
        "messages": [
            {
                "id": message.pk,
                "role": message.role,
                "text": message.text,
                "created_at": message.created_at,
                "run": message.run_id,
                "citations": [{field: getattr(each, field) for field in fields} for each in _seen(message, documents)],
            }
            for message in messages
        ],
    }


def _paper(conversation: Conversation, messages: Iterable[Message], documents: set[UUID] | None) -> Paper:
    sources: list[Source] = []
    parts = [_part(conversation, message, _numbered(_seen(message, documents), sources)) for message in messages]
    tenant = current_tenant()
    return Paper(
        title=conversation.title,
        organisation=tenant.name,
        accent=tenant.accent or STANDARD,
        logo=logo_of(tenant.logo_digest) or b"",
        text="\n\n".join(parts),
        facts=_facts(conversation),
        sources=sources,
        language=get_language() or "en",
        words=Words(sources=_("Sources"), page=_("Page {page} of {pages}")),
    )


def _numbered(cited: Iterable[Citation], sources: list[Source]) -> dict[int, int]:
    """Give each citation a number of the whole document; return {number in its message: that}."""
    known = {(source.document, source.quote): source.number for source in sources}
    renamed: dict[int, int] = {}
    for each in cited:
        key = (each.document_name, each.quote)
        if key not in known:
            known[key] = len(sources) + 1
            place = [_("Page %(page)s") % {"page": each.page} if each.page else "", each.heading]
            sources.append(Source(known[key], each.document_name, " · ".join(filter(None, place)), each.quote))
        renamed[each.number] = known[key]
    return renamed


def _part(conversation: Conversation, message: Message, renamed: dict[int, int]) -> str:
    is_person = message.role == Message.Role.USER
    who = conversation.owner.name if is_person else conversation.agent.name
    when = date_format(timezone.localtime(message.created_at), "DATETIME_FORMAT")
    if is_person:
        text = "\n".join(f"> {line}" for line in message.text.splitlines())
    else:
        text = outside_code(message.text, lambda part: _fitted(part, renamed)) or _("There is no answer.")
    return f"## {who} · {when}\n\n{text}"


def _fitted(text: str, renamed: dict[int, int]) -> str:
    """Return a piece of an answer with its citations by their numbers of the document, and its headings below that of the message."""
    text = CITED.sub(lambda mark: f"[{renamed[int(mark[1])]}]" if int(mark[1]) in renamed else "", text)
    return HEADING.sub(lambda mark: "#" * min(6, len(mark[1]) + 2), text)


def _facts(conversation: Conversation) -> list[tuple[str, str]]:
    begun = date_format(timezone.localtime(conversation.created_at), "DATETIME_FORMAT")
    facts = [(_("Agent"), conversation.agent.name), (_("Conversation of"), conversation.owner.name)]
    if conversation.project is not None:
        facts.append((_("Project"), conversation.project.name))
    return [*facts, (_("Begun"), begun)]
