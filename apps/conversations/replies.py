"""The worker side of a conversation: a run that ends puts its answer and citations into the message."""

from collections.abc import Sequence
from typing import Any

from apps.agents.events import run_settled
from apps.agents.models import Run
from apps.agents.types import Source
from apps.conversations.citations import store_citations
from apps.conversations.models import Conversation, Message
from apps.workflows.events import result_wanted
from apps.workflows.models import Occurrence


def connect() -> None:
    """Bind the receivers; called once at start."""
    run_settled.connect(store_reply)
    result_wanted.connect(take_in)


def take_in(sender: Any, *, occurrence: Occurrence, run: Run, sources: Sequence[Source], **kwargs: Any) -> None:
    """Put what an automation asked, and the answer, at the end of its conversation with that agent; the first makes it."""
    if Message.objects.filter(run=run).exists():
        return
    automation, about = occurrence.automation, {"title": occurrence.automation.name, "project": run.project}
    conversations = Conversation.objects.select_for_update(of=("self",)).filter(archived_at=None)
    conversation = conversations.filter(automation=automation, owner=automation.owner, agent=run.agent).first()
    if conversation is None:
        conversation = Conversation.objects.create(
            automation=automation, owner=automation.owner, agent=run.agent, **about
        )
    last = Message.objects.filter(conversation=conversation).shown().last()
    asked = append(conversation, last, role=Message.Role.USER, text=run.question)
    reply = append(conversation, asked, role=Message.Role.ASSISTANT, run=run, text=run.answer)
    conversation.save(update_fields=["updated_at"])
    store_citations(reply, run.answer, sources)


def append(conversation: Conversation, parent: Message | None, **fields: Any) -> Message:
    """Write the next message of a conversation, whose row is locked."""
    newest = conversation.messages.order_by("-position").values_list("position", flat=True).first()
    return Message.objects.create(conversation=conversation, parent=parent, position=(newest or 0) + 1, **fields)


def store_reply(sender: Any, *, run: Run, sources: Sequence[Source], **kwargs: Any) -> None:
    """Write the run's answer into its message, in the checkpoint that ends the run."""
    message = Message.objects.filter(run=run).first()
    if message is None:
        return
    Message.objects.filter(pk=message.pk).update(text=run.answer)
    store_citations(message, run.answer, sources)
