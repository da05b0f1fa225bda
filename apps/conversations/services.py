"""What can be done in conversations: start one, send, answer again, rename, archive."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents import services as agents
from apps.agents.models import Agent, Run
from apps.agents.stream import announce
from apps.audit.services import record
from apps.conversations import actions
from apps.conversations.models import Conversation, Message
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.providers.types import ChatMessage

HISTORY_MESSAGES = 20


@transaction.atomic
def start_conversation(*, actor: Any, agent: Agent, text: str, idempotency_key: str = "") -> Message:
    """Open a conversation with its first question; return the agent's (still empty) message."""
    replayed = _replayed(actor, idempotency_key)
    if replayed:
        return replayed
    text = agents.checked_question(text)
    conversation = Conversation.objects.create(owner=actor, agent=agent, title=agents.title_of(text))
    record(actions.CONVERSATION_STARTED, actor=actor, target=conversation)
    return send_message(actor=actor, conversation=conversation, text=text, idempotency_key=idempotency_key)


@transaction.atomic
def send_message(*, actor: Any, conversation: Conversation, text: str, idempotency_key: str = "") -> Message:
    """Store the person's message and start the run that answers it; return the agent's (still empty) message.

    Raises InvalidInput for an empty or too long text, Conflict while an answer is on its way.
    """
    replayed = _replayed(actor, idempotency_key)
    if replayed:
        return replayed
    locked = Conversation.objects.select_for_update().select_related("agent").get(pk=conversation.pk)
    if _active_run(locked):
        raise Conflict(_("An answer is still being written. Wait for it, or stop it."), code="answer_running")
    history = history_of(locked)
    run = agents.start_run(
        actor=actor, agent=locked.agent, question=text, history=history, idempotency_key=idempotency_key
    )
    position = _next_position(locked)
    Message.objects.create(conversation=locked, position=position, role=Message.Role.USER, text=run.question)
    reply = Message.objects.create(conversation=locked, position=position + 1, role=Message.Role.ASSISTANT, run=run)
    locked.save(update_fields=["updated_at"])
    _announce(locked.pk, reply)
    return reply


@transaction.atomic
def answer_again(*, actor: Any, conversation: Conversation) -> Message:
    """Have the last question answered anew; the former answer is kept and hidden. Raises Conflict, NotFound."""
    locked = Conversation.objects.select_for_update().select_related("agent").get(pk=conversation.pk)
    last = locked.messages.filter(is_replaced=False).order_by("-position").first()
    if last is None or last.role != Message.Role.ASSISTANT:
        raise NotFound(_("There is nothing to answer yet."))
    if _active_run(locked):
        raise Conflict(_("An answer is still being written. Wait for it, or stop it."), code="answer_running")
    question = locked.messages.filter(role=Message.Role.USER).order_by("-position").first()
    if question is None:
        raise NotFound(_("There is nothing to answer yet."))
    run = agents.start_run(
        actor=actor, agent=locked.agent, question=question.text, history=history_of(locked, before=question.position)
    )
    Message.objects.filter(pk=last.pk).update(is_replaced=True)
    position = _next_position(locked)
    reply = Message.objects.create(conversation=locked, position=position, role=Message.Role.ASSISTANT, run=run)
    locked.save(update_fields=["updated_at"])
    _announce(locked.pk, reply)
    return reply


@transaction.atomic
def stop_answer(*, actor: Any, conversation: Conversation) -> None:
    """Stop the answer on its way, if there is one; what it wrote is kept."""
    run = _active_run(conversation)
    if run is not None:
        agents.cancel_run(actor=actor, run=run)


@transaction.atomic
def rename_conversation(*, actor: Any, conversation: Conversation, title: str) -> None:
    """Give a conversation another title. Raises InvalidInput for an empty one."""
    title = " ".join(title.replace("\0", "").split())[:120]
    if not title:
        raise InvalidInput(_("Write a title."), field="title")
    record(
        actions.CONVERSATION_RENAMED,
        actor=actor,
        target=conversation,
        before={"title": conversation.title},
        after={"title": title},
    )
    Conversation.objects.filter(pk=conversation.pk).update(title=title)


@transaction.atomic
def archive_conversation(*, actor: Any, conversation: Conversation, is_archived: bool = True) -> None:
    """Take a conversation out of the list, or put it back; doing so twice changes nothing."""
    if (conversation.archived_at is not None) == is_archived:
        return
    Conversation.objects.filter(pk=conversation.pk).update(archived_at=timezone.now() if is_archived else None)
    action = actions.CONVERSATION_ARCHIVED if is_archived else actions.CONVERSATION_RESTORED
    record(action, actor=actor, target=conversation)


def history_of(conversation: Conversation, *, before: int | None = None) -> list[ChatMessage]:
    """Return the last messages (20) as the agent is to remember them, oldest first."""
    messages = conversation.messages.filter(is_replaced=False).exclude(text="")
    if before is not None:
        messages = messages.filter(position__lt=before)
    newest = list(messages.order_by("-position")[:HISTORY_MESSAGES])
    return [ChatMessage(message.role, message.text) for message in reversed(newest)]  # type: ignore[arg-type]


def _active_run(conversation: Conversation) -> Run | None:
    return Run.objects.active().filter(message__conversation=conversation).first()


def _next_position(conversation: Conversation) -> int:
    last = conversation.messages.order_by("-position").values_list("position", flat=True).first()
    return (last or 0) + 1


def _replayed(actor: Any, idempotency_key: str) -> Message | None:
    if not idempotency_key:
        return None
    return Message.objects.filter(run__started_by=actor, run__idempotency_key=idempotency_key).first()


def _announce(conversation_id: UUID, reply: Message) -> None:
    message_id = reply.pk
    transaction.on_commit(lambda: announce(conversation_id, message_id))
