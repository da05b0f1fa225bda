"""Runs as tasks: begun by a message, found again, listed, stopped."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.agents.models import Agent, Run
from apps.agents.services.routing import best_agent
from apps.agents.services.runs import MAX_KEY_CHARS, cancel_run
from apps.conversations import services
from apps.conversations.models import Conversation, Message
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.models import is_uuid
from apps.protocols.offered import offered_agent, offered_agents

MOST_LISTED = 100


def begin(*, actor: Any, name: str, text: str, context: str, key: str) -> Run:
    """Ask an agent (the one of a name, or the one that fits the text), in a former conversation or a new one; the same key asks once.

    Raises NotFound for an agent or conversation that this person has not, InvalidInput, Conflict, and what a message may raise.
    """
    asked: dict[str, Any] = {
        "actor": actor,
        "text": text,
        "idempotency_key": f"a2a:{key}"[:MAX_KEY_CHARS] if key else "",
    }
    if context:
        conversation = _conversation(actor, context)
        if name and conversation.agent_id != offered_agent(actor, name).pk:
            raise InvalidInput(_("This conversation is with another agent."), field="contextId")
        reply = services.send_message(conversation=conversation, **asked)
    elif name:
        reply = services.start_conversation(agent=offered_agent(actor, name), **asked)
    else:
        best = best_agent(actor=actor, text=text)
        if best is None:
            raise NotFound(_("There is no agent that you may ask."))
        reply = services.start_conversation(agent=best.agent, chosen_because=best.why, **asked)
    run = found(actor, str(reply.run_id), name)
    if run.question != text.strip():
        raise Conflict(_("This idempotency key belongs to another request."), code="idempotency_key_reused")
    return run


def _conversation(actor: Any, key: str) -> Conversation:
    found = Conversation.objects.owned_by(actor).filter(pk=key).first() if is_uuid(key) else None
    if found is None:
        raise NotFound(_("There is no such conversation, or it is not yours."), field="contextId")
    return found


def tasks_of(person: Any, name: str) -> QuerySet[Run]:
    """Return the answers in this person's conversations as runs, of one agent where an address is for one; the latest first."""
    own = Message.objects.filter(conversation__owner=person, run__isnull=False).values("run")
    runs = Run.objects.filter(pk__in=own).select_related("agent").order_by("-created_at", "-pk")
    return runs.filter(agent=offered_agent(person, name)) if name else runs


def found(person: Any, key: str, name: str) -> Run:
    """Return a task of this person. Raises NotFound."""
    run = tasks_of(person, name).filter(pk=key).first() if is_uuid(key) else None
    if run is None:
        raise NotFound(_("There is no such task, or it is not yours."), field="id")
    return run


def listed(
    person: Any, name: str, *, context: str, states: list[str] | None, after: str, most: int
) -> tuple[list[Run], int, str]:
    """Return a page of tasks, how many there are, and what asks for the next page ("": none). Raises InvalidInput for a page that is none."""
    runs = tasks_of(person, name)
    if context:
        said = Message.objects.filter(conversation=UUID(context)) if is_uuid(context) else Message.objects.none()
        runs = runs.filter(pk__in=said.values("run"))
    if states is not None:
        runs = runs.filter(state__in=states)
    total = runs.count()
    if after:
        moment, _sep, key = after.rpartition("|")
        try:
            at = datetime.fromisoformat(moment)
        except ValueError as error:
            raise InvalidInput(_("There is no such page."), field="pageToken") from error
        if at.tzinfo is None or not is_uuid(key):
            raise InvalidInput(_("There is no such page."), field="pageToken")
        runs = runs.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=key))
    page = list(runs[: most + 1])
    following = f"{page[most - 1].created_at.isoformat()}|{page[most - 1].pk}" if len(page) > most else ""
    return page[:most], total, following


def contexts_of(runs: list[Run]) -> dict[Any, str]:
    """Return {run: key of its conversation}."""
    rows = Message.objects.filter(run__in=[run.pk for run in runs]).values_list("run", "conversation")
    return {run: str(conversation) for run, conversation in rows}


def stop(*, actor: Any, run: Run) -> Run:
    """Stop a task and return it. Raises Conflict when it has ended."""
    cancel_run(actor=actor, run=run)
    return Run.objects.select_related("agent").get(pk=run.pk)


def askable(person: Any, name: str) -> list[Agent]:
    """Return the agents behind an address: the one of a name, else all that take a free question. Raises NotFound."""
    return [offered_agent(person, name)] if name else list(offered_agents(person).values())
