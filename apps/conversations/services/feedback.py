"""What people say of answers: good or bad, why, and what would have been right.

It reaches those who may change the agent, and as a proposed question those who manage the collections that were asked.
"""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.conversations import actions
from apps.conversations.models import Feedback, Message
from apps.core.errors import InvalidInput, NotFound
from apps.integrations.models import Webhook
from apps.integrations.publishing import publish
from apps.knowledge.models import KnowledgeBase
from apps.knowledge.services.questions import propose, withdraw_proposals

MOST_CHARS = 4_000
VERDICTS = {"good": True, "bad": False}


@transaction.atomic
def rate_answer(*, actor: Any, message: Message, is_good: bool, comment: str = "", correction: str = "") -> Feedback:
    """Say of an answer whether it is good, in place of what was said before. Whose conversation it is, the door checks.

    Raises NotFound for what is no finished answer, InvalidInput at `comment` or `correction`.
    """
    if message.role != Message.Role.ASSISTANT or not message.text or (message.run and not message.run.is_final):
        raise NotFound(_("There is no finished answer here."))
    words = {"comment": _checked("comment", comment), "correction": _checked("correction", correction)}
    row, _is_new = Feedback.objects.update_or_create(message=message, defaults={"is_good": is_good, **words})
    after = {"is_good": is_good, "has_words": bool(comment or correction)}
    record(actions.ANSWER_RATED, actor=actor, target=message.conversation, after=after)
    _propose(row)
    about = {"conversation": str(message.conversation_id), "message": str(message.pk), "is_good": is_good}
    publish(Webhook.Event.FEEDBACK_GIVEN, f"message:{message.pk}", lambda: about)
    return row


@transaction.atomic
def withdraw_feedback(*, actor: Any, message: Message) -> None:
    """Take back what was said of an answer, and what was proposed because of it; doing so twice changes nothing."""
    if Feedback.objects.filter(message=message).delete()[0]:
        withdraw_proposals(origin=message.pk)
        record(actions.FEEDBACK_WITHDRAWN, actor=actor, target=message.conversation)


def _checked(field: str, text: str) -> str:
    text = text.replace("\0", "").strip()
    if len(text) > MOST_CHARS:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": MOST_CHARS}, field=field)
    return text


def _propose(row: Feedback) -> None:
    """Propose the question to the collections: with the cited passage where the answer was good, else without one."""
    message, question = row.message, row.message.parent
    withdraw_proposals(origin=message.pk)
    if question is None:
        return
    for base, name, quote in _places(row):
        propose(
            knowledge_base=base,
            text=question.text,
            document_name=name,
            quote=quote,
            is_good=row.is_good,
            remark=row.correction or row.comment,
            origin=message.pk,
        )


def _places(row: Feedback) -> Iterator[tuple[KnowledgeBase, str, str]]:
    """Yield a collection, a document and its words: of the first citation in each that a good answer cites, or all that were searched for a bad one."""
    citations = row.message.citations.select_related("document__knowledge_base")
    found: dict[Any, tuple[KnowledgeBase, str, str]] = {}
    for citation in citations.order_by("number"):
        document = citation.document
        if document is None or (row.is_good and not citation.is_cited):
            continue
        base = document.knowledge_base
        found.setdefault(base.pk, (base, document.name, citation.quote) if row.is_good else (base, "", ""))
    if not row.is_good and not found:
        found = {base.pk: (base, "", "") for base in row.message.conversation.agent.knowledge_bases.all()}
    yield from found.values()
