"""What can be done in conversations: start one, send, edit, answer again, change branches, rename, archive."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents.models import Agent, Run
from apps.agents.records import title_of
from apps.agents.services import runs as agents
from apps.agents.stream import announce
from apps.audit.services.trail import record
from apps.conversations import actions, branches
from apps.conversations.models import Conversation, Message
from apps.conversations.remembering import history_of
from apps.conversations.replies import append
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.language import one_line
from apps.projects.models import Project


@transaction.atomic
def start_conversation(
    *,
    actor: Any,
    agent: Agent,
    text: str,
    project: Project | None = None,
    tools: Sequence[str] | None = None,
    chosen_because: str = "",
    idempotency_key: str = "",
) -> Message:
    """Open a conversation, of a project or of none, with its first question; return the agent's (still empty) message.

    `tools` narrows those that the agent may use for the answer; `chosen_because` is the reason for an agent that nobody chose.
    """
    replayed = _replayed(actor, idempotency_key)
    if replayed:
        return replayed
    text = agents.checked_question(text)
    conversation = Conversation.objects.create(
        owner=actor, agent=agent, project=project, title=title_of(text), chosen_because=chosen_because[:300]
    )
    record(actions.CONVERSATION_STARTED, actor=actor, target=conversation)
    return send_message(actor=actor, conversation=conversation, text=text, tools=tools, idempotency_key=idempotency_key)


@transaction.atomic
def send_message(
    *,
    actor: Any,
    conversation: Conversation,
    text: str,
    replaces: Message | None = None,
    tools: Sequence[str] | None = None,
    idempotency_key: str = "",
) -> Message:
    """Store the person's message and start the run that answers it; return the agent's (still empty) message.

    With `replaces`, a former message of the person, the new one opens a branch beside it. Raises InvalidInput for an
    empty or too long text, Conflict while an answer is on its way.
    """
    replayed = _replayed(actor, idempotency_key)
    if replayed:
        return replayed
    locked = _locked(conversation)
    if replaces:
        branches.show(replaces)
    last = replaces.parent if replaces else locked.messages.shown().last()
    run = agents.start_run(
        actor=actor,
        agent=locked.agent,
        question=text,
        history=history_of(locked, until=last),
        holds=held_by(locked, until=last),
        project=locked.project,
        tools=tools,
        idempotency_key=idempotency_key,
    )
    if replaces:
        branches.hide_below(last, conversation_id=locked.pk)
        record(actions.MESSAGE_EDITED, actor=actor, target=locked)
    asked = append(locked, last, role=Message.Role.USER, text=run.question)
    return _append_reply(locked, asked, run)


@transaction.atomic
def answer_again(*, actor: Any, conversation: Conversation, message: Message) -> Message:
    """Have a question answered anew, beside the answer `message`. Raises Conflict, NotFound when it is no answer."""
    locked = _locked(conversation)
    question = message.parent if message.role == Message.Role.ASSISTANT else None
    if question is None:
        raise NotFound(_("There is no answer here that could be written again."))
    branches.show(question)
    run = agents.start_run(
        actor=actor,
        agent=locked.agent,
        question=question.text,
        history=history_of(locked, until=question.parent),
        holds=held_by(locked, until=question.parent),
        project=locked.project,
    )
    branches.hide_below(question, conversation_id=locked.pk)
    return _append_reply(locked, question, run)


@transaction.atomic
def show_branch(*, conversation: Conversation, message: Message) -> None:
    """Show the branch through `message` to everyone who looks at the conversation. Raises Conflict as sending does."""
    locked = _locked(conversation)
    branches.show(message)
    _announce(locked.pk, message)


@transaction.atomic
def stop_answer(*, actor: Any, conversation: Conversation) -> None:
    """Stop the answer on its way, if there is one; what it wrote is kept."""
    run = _active_run(conversation)
    if run is not None:
        agents.cancel_run(actor=actor, run=run)


@transaction.atomic
def rename_conversation(*, actor: Any, conversation: Conversation, title: str) -> None:
    """Give a conversation another title. Raises InvalidInput for an empty one."""
    title = one_line(title, 120)
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


def look_at(*, actor: Any, conversation: Conversation) -> bool:
    """Say whether it is the actor's own; that somebody else reads it is written down."""
    is_own = conversation.owner_id == actor.pk
    if not is_own:
        record(actions.CONVERSATION_READ, actor=actor, target=conversation)
    return is_own


@transaction.atomic
def archive_conversation(*, actor: Any, conversation: Conversation, is_archived: bool = True) -> None:
    """Take a conversation out of the list, or put it back; doing so twice changes nothing."""
    if (conversation.archived_at is not None) == is_archived:
        return
    Conversation.objects.filter(pk=conversation.pk).update(archived_at=timezone.now() if is_archived else None)
    action = actions.CONVERSATION_ARCHIVED if is_archived else actions.CONVERSATION_RESTORED
    record(action, actor=actor, target=conversation)


def held_by(conversation: Conversation, *, until: Message | None) -> set[str]:
    """Return what the runs behind the messages up to `until` held (see Run.holds): it may live on in what they wrote."""
    if until is None:
        return set()
    path = conversation.messages.shown().filter(position__lte=until.position, run__isnull=False)
    return {each for holds in path.order_by().values_list("run__holds", flat=True).distinct() for each in holds}


def _locked(conversation: Conversation) -> Conversation:
    """Lock the conversation for a change of its messages. Raises Conflict while an answer is on its way."""
    locked = (
        Conversation.objects.select_for_update(of=("self",)).select_related("agent", "project").get(pk=conversation.pk)
    )
    if _active_run(locked):
        raise Conflict(_("An answer is still being written. Wait for it, or stop it."), code="answer_running")
    return locked


def _active_run(conversation: Conversation) -> Run | None:
    return Run.objects.active().filter(message__conversation=conversation).first()


def _append_reply(conversation: Conversation, question: Message, run: Run) -> Message:
    reply = append(conversation, question, role=Message.Role.ASSISTANT, run=run)
    conversation.save(update_fields=["updated_at"])
    _announce(conversation.pk, reply)
    return reply


def _replayed(actor: Any, idempotency_key: str) -> Message | None:
    if not idempotency_key:
        return None
    return Message.objects.filter(run__started_by=actor, run__idempotency_key=idempotency_key).first()


def _announce(conversation_id: UUID, reply: Message) -> None:
    message_id = reply.pk
    transaction.on_commit(lambda: announce(conversation_id, message_id))
