"""What an agent remembers of a conversation: the last messages as they are, and what was before them as a running summary.

The summary is a run of its own that works for the run of the answer: durable, metered and covered as any other, without tools.
"""

from typing import Any

import structlog
from django.db import transaction

from apps.agents.events import run_settled
from apps.agents.models import Run
from apps.agents.records import open_run, option_places
from apps.conversations.models import Conversation, Message
from apps.conversations.querysets import MessageQuerySet
from apps.core.errors import DomainError
from apps.providers.registry import default_model
from apps.providers.types import ChatMessage
from apps.tenants.options import REMEMBERED
from apps.tenants.resolver import resolve
from apps.usage.services import ledger

log = structlog.get_logger(__name__)
CALL = "summary "
"""What the call begins with that a summary's run stands for; the message up to which it sums up follows."""
EACH = 6
"""A summary is written anew when so many messages have left the last ones since the former."""
MOST_AT_ONCE = 40
"""Messages that one summary takes in; what is left follows with the next answer."""
MESSAGE_CHARS, SUMMARY_CHARS = 6_000, 4_000
TOLD = (
    "You sum up conversations, so that they can go on without their beginning. Keep names, numbers, dates, what was agreed and"
    " what is open. At most 300 words, in the language of the conversation. Answer with the summary alone."
)
RECALLED = "What was said in this conversation before, in short:"


def connect() -> None:
    """Bind the receiver; called once at start."""
    run_settled.connect(follow)


def history_of(conversation: Conversation, *, until: Message | None) -> list[ChatMessage]:
    """Return what the agent is to remember up to and with `until`, oldest first: a summary, where there is one, and what came after it.

    At most as many messages as its organisation sets, and those that the summary has yet to take in.
    """
    if until is None:
        return []
    path, summary = _path(conversation, until), _summary_on(conversation, until)
    most = _most(conversation)
    if summary is not None:
        path, most = path.filter(position__gt=summary.position), most + EACH
    newest = list(path.reverse()[:most])
    recalled = [ChatMessage("user", f"{RECALLED}\n{conversation.summary}")] if summary is not None else []
    return recalled + [ChatMessage(message.role, message.text) for message in reversed(newest)]  # type: ignore[arg-type]


def follow(sender: Any, *, run: Run, **kwargs: Any) -> None:
    """Take a summary in that is done; have one written when an answer has made the conversation longer than is remembered."""
    if run.state != Run.State.SUCCEEDED:
        return
    if run.parent_call.startswith(CALL):
        _take_in(run)
        return
    answer = Message.objects.select_related("conversation__agent__model__provider").filter(run=run).first()
    if answer is not None:
        _sum_up(answer)


def _take_in(run: Run) -> None:
    until = Message.objects.filter(pk=run.parent_call.removeprefix(CALL)).first()
    if until is not None:
        about = {"summary": run.answer[:SUMMARY_CHARS], "summary_until": until}
        Conversation.objects.filter(pk=until.conversation_id).update(**about)


def _sum_up(answer: Message) -> None:
    """Begin the run of a summary, if there is enough to sum up. What does not admit it is no reason to lose the answer."""
    conversation = answer.conversation
    model = conversation.agent.model or default_model()
    if model.provider.is_built_in:
        return  # it quotes documents and reads no history
    path, former = _path(conversation, answer), _summary_on(conversation, answer)
    left = path.filter(position__gt=former.position) if former is not None else path
    told = list(left)
    old = told[: max(0, len(told) - _most(conversation))]
    if len(old) < EACH or _is_on_its_way(conversation):
        return
    try:
        with transaction.atomic():
            _begin(answer, old[:MOST_AT_ONCE], conversation.summary if former is not None else "")
    except DomainError as error:
        log.info("summary_not_begun", conversation=str(conversation.pk), reason=error.code)


def _is_on_its_way(conversation: Conversation) -> bool:
    summaries = Run.objects.active().filter(parent_call__startswith=CALL)
    return summaries.filter(parent__message__conversation=conversation).exists()


def _begin(answer: Message, old: list[Message], former: str) -> None:
    run = answer.run
    if run is None:
        return
    ledger.require_room(run.started_by, run.agent.published_id, run.project_id)
    said = [f"{message.get_role_display()}: {message.text[:MESSAGE_CHARS]}" for message in old]
    parts = [f"{RECALLED}\n{former}"] if former else []
    open_run(
        agent=run.agent,
        started_by=run.started_by,
        project=run.project,
        question="\n\n".join([*parts, *said]),
        title=answer.conversation.title,
        instructions=TOLD,
        parent=run,
        parent_call=f"{CALL}{old[-1].pk}",
        depth=run.depth + 1,
        allowed_tools=[],
        holds=run.holds,
        asked_from=run.asked_from,
        asked_with_second_factor=run.asked_with_second_factor,
    )


def _path(conversation: Conversation, until: Message) -> MessageQuerySet:
    """Return the messages that are shown up to one, oldest first, without those that have no text (yet)."""
    found = Message.objects.filter(conversation=conversation, position__lte=until.position)
    return found.exclude(text="").shown()


def _summary_on(conversation: Conversation, until: Message) -> Message | None:
    """Return the message up to which the summary tells, if that stands on the branch that is shown."""
    if not conversation.summary or conversation.summary_until_id is None:
        return None
    return _path(conversation, until).filter(pk=conversation.summary_until_id).first()


def _most(conversation: Conversation) -> int:
    return resolve(REMEMBERED, option_places(conversation.agent.published_id, conversation.project_id)).value
