"""A run's rows: its beginning, what has happened in it, what it has seen, what it starts from, and its end."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents import actions, composing, loop, rules
from apps.agents.events import run_settled
from apps.agents.models import Agent, Approval, Run, RunEvent
from apps.agents.stream import publisher, run_key
from apps.agents.tools.base import Delegation
from apps.agents.types import RUN, Brief, Fact, ModelAnswered, Source, StreamEvent, ToolReturned
from apps.audit.services.trail import record
from apps.core.errors import Conflict
from apps.core.tenancy import bound, current_tenant
from apps.core.wire import run_on_wire
from apps.jobs import services as jobs
from apps.jobs.types import AGENTS
from apps.providers.types import ChatMessage, ToolCall, ToolSpec
from apps.tenants.models import OptionValue
from apps.tenants.options import STAND_STILL
from apps.tenants.resolver import Place, resolve
from apps.usage.services import ledger

PUBLISH_LIMIT_S = 5.0
TITLE_CHARS = 80


def open_run(**fields: Any) -> Run:
    """Store a run and its job, with the audit's record of it.

    Raises Conflict while all agents stand still and for an idempotency key that is in use, and what admission to the queue raises.
    """
    if resolve(STAND_STILL).value:
        raise Conflict(_("All agents of your organisation stand still at the moment."), code="standing_still")
    try:
        with transaction.atomic():
            version = None if fields.get("variant") else fields["agent"].versions.first()
            run = Run.objects.create(agent_version=version, **fields)
    except IntegrityError as error:
        words = _("A request with this idempotency key is being worked on. Send it again in a moment.")
        raise Conflict(words, code="idempotency_key_in_use") from error
    jobs.enqueue(kind=RUN, queue=AGENTS, object_id=run.pk, dedupe_key=str(run.pk))
    record(actions.RUN_STARTED, actor=run.started_by, target=run, after={"agent": run.agent.name})
    return run


def ask_colleague(parent: Run, wish: Delegation, *, call_id: str) -> Run:
    """Open the run of another agent that a run's tool call asks for: the same person, project and limits, and what the run holds.

    Raises Conflict for an agent whose prompt cannot be filled in, TooManyRequests (BudgetSpent among them), Unavailable.
    """
    agent = Agent.objects.get(pk=wish.agent)
    return open_child(parent, agent=agent, question=wish.question, call_id=call_id, allowed_tools=parent.allowed_tools)


def open_child(
    parent: Run, *, agent: Agent, question: str, call_id: str, allowed_tools: list[str] | None, title: str = ""
) -> Run:
    """Open a run that works for another one: for the same person, in the same project, with what that run holds.

    Raises Conflict for an agent whose prompt cannot be filled in, TooManyRequests (BudgetSpent among them), Unavailable.
    """
    ledger.require_room(parent.started_by, agent.published_id, parent.project_id)
    variant = parent.variant if agent.pk == parent.agent_id else None
    acting = variant or agent
    return open_run(
        agent=agent,
        variant=variant,
        started_by=parent.started_by,
        project=parent.project,
        question=question,
        title=title_of(title or question),
        instructions=composing.told(composing.sections_of(acting, parent.started_by)),
        prompt_version=composing.version_of(acting),
        parent=parent,
        parent_call=call_id,
        depth=parent.depth + 1,
        allowed_tools=allowed_tools,
        is_trial=parent.is_trial,
        holds=parent.holds,
        asked_from=parent.asked_from,
        asked_with_second_factor=parent.asked_with_second_factor,
    )


def root_of(run: Run) -> Run:
    """Return the run that somebody started, for which this one works in the end."""
    while run.parent is not None:
        run = run.parent
    return run


def title_of(question: str) -> str:
    """Make a title of the first words of a question."""
    line = " ".join(question.split())
    if len(line) <= TITLE_CHARS:
        return line
    return line[:TITLE_CHARS].rsplit(" ", 1)[0].rstrip(".,;:") + "…"


def add_event(
    run: Run,
    kind: RunEvent.Kind,
    name: str,
    payload: dict[str, Any],
    started_at: datetime,
    *,
    idempotency_key: str = "",
) -> RunEvent:
    """Store a step of a run under its next number."""
    last = run.events.order_by("-number").values_list("number", flat=True).first() or 0
    return RunEvent.objects.create(
        run=run,
        number=last + 1,
        kind=kind,
        name=name[:120],
        payload=payload,
        started_at=started_at,
        finished_at=timezone.now(),
        idempotency_key=idempotency_key,
    )


def option_places(agent_id: UUID, project_id: UUID | None) -> list[Place]:
    """Return where the options of an agent's work are looked up, the most special place first."""
    places = [(OptionValue.Level.AGENT, agent_id)]
    return [*places, (OptionValue.Level.PROJECT, project_id)] if project_id else places


def settle(
    run: Run, state: Run.State, text: str, *, error: str = "", code: str = "", result: dict[str, Any] | None = None
) -> None:
    """Write a run's final state, tell higher apps in the same transaction, and the stream once that commits.

    `result` is what a blueprint came to, as JSON. What a run wrote that did not come to its end stands only as far as its agent's rules let it through.
    """
    if text and state != Run.State.SUCCEEDED:
        text = let_through(run, text)
    changed = (
        Run.objects.filter(pk=run.pk)
        .exclude(state__in=Run.FINAL)
        .update(state=state, answer=text, result=result, error=error[:500], error_code=code, finished_at=timezone.now())
    )
    if not changed:
        return
    ledger.release(run.pk)
    Approval.objects.filter(run=run, state=Approval.State.PENDING).update(state=Approval.State.CANCELLED)
    for child in Run.objects.active().filter(parent=run):
        jobs.cancel(object_id=child.pk, kind=RUN)
    run.state, run.answer, run.error, run.error_code, run.result = state, text, error[:500], code, result
    run_settled.send(sender=Run, run=run, sources=sources_of(run))
    key = run_key(run.pk)
    transaction.on_commit(lambda: _publish_end(key, state))
    if (
        run.parent_id is not None
    ):  # by itself, so that no transaction holds the jobs of both; else the parent looks in a minute
        parent_id = run.parent_id
        transaction.on_commit(bound(lambda: jobs.resume(object_id=parent_id, kind=RUN)))


def let_through(run: Run, text: str) -> str:
    """Return what the rules about answers make of a text, "" when one of them stops it."""
    looking = [rule for rule in composing.rules_of(run.acts_as) if rule.stage == "output"]
    verdict = rules.check(text, looking)
    return "" if verdict.is_blocked else verdict.text


def is_held_back(run: Run) -> bool:
    """Say whether what a run writes is shown to nobody before the rules have seen all of it."""
    return rules.may_block([rule for rule in composing.rules_of(run.acts_as) if rule.stage == "output"])


def _publish_end(key: str, state: str) -> None:
    run_on_wire(publisher.publish(key, StreamEvent("end", {"state": state})), timeout_s=PUBLISH_LIMIT_S)


def facts_of(run: Run) -> list[Fact]:
    """Rebuild what has happened in a run from its stored steps."""
    facts: list[Fact] = []
    for event in run.events.filter(kind__in=(RunEvent.Kind.MODEL, RunEvent.Kind.TOOL)).order_by("number"):
        if event.kind == RunEvent.Kind.MODEL:
            calls = tuple(ToolCall(c["id"], c["name"], c["arguments"]) for c in event.payload["tool_calls"])
            facts.append(ModelAnswered(event.payload["text"], calls, event.payload.get("opaque")))
        elif not event.payload.get("is_inside"):
            facts.append(ToolReturned(event.payload["call_id"], event.payload["result"]))
    return facts


def text_of(run: Run) -> str:
    """Return what a run has written so far in all its calls of models; what a blueprint's steps asked for is no text for people."""
    return "" if run.blueprint else loop.answer_text(facts_of(run))


def sources_of(run: Run) -> list[Source]:
    """Return the passages that a run has seen, each once, in the order of their numbers."""
    found: dict[int, Source] = {}
    for payload in run.events.filter(kind=RunEvent.Kind.TOOL).order_by("number").values_list("payload", flat=True):
        for raw in payload.get("sources", ()):
            found.setdefault(raw["number"], Source(**raw))
    return [found[number] for number in sorted(found)]


def brief_of(run: Run) -> Brief:
    """Return what a run starts from: the instructions and the history it was given, its question."""
    history, after = map(messages_of, (run.history, (run.handed or {}).get("after", ())))
    instructions = run.instructions or "\n\n".join(filter(None, [run.acts_as.instructions, composing.CITING]))
    handed = frozenset(spec.name for spec in handed_tools(run))
    return Brief(instructions, history, run.question, run.acts_as.max_steps, after=after, handed=handed)


def messages_of(entries: Iterable[Mapping[str, Any]]) -> tuple[ChatMessage, ...]:
    """Return stored entries of a history as messages."""
    return tuple(
        ChatMessage(
            entry["role"],
            entry["text"],
            tuple(ToolCall(**call) for call in entry.get("tool_calls", ())),
            tool_call_id=entry.get("tool_call_id", ""),
        )
        for entry in entries
    )


def as_entry(message: ChatMessage) -> dict[str, Any]:
    """Return a message as a history stores it."""
    entry: dict[str, Any] = {"role": message.role, "text": message.text}
    if message.tool_calls:
        entry["tool_calls"] = [vars(call) for call in message.tool_calls]
    if message.tool_call_id:
        entry["tool_call_id"] = message.tool_call_id
    return entry


def handed_tools(run: Run) -> tuple[ToolSpec, ...]:
    """Return the tools that the program which asked does itself."""
    return tuple(ToolSpec(**spec) for spec in (run.handed or {}).get("tools", ()))


def handed_with_calls(run: Run, calls: Sequence[ToolCall]) -> dict[str, Any]:
    """Return what a run hands back: what it was handed, and the calls that its program is to do."""
    return (run.handed or {}) | {"calls": [vars(call) for call in calls]}


def unique_calls(calls: list[ToolCall], facts: Sequence[Fact]) -> tuple[ToolCall, ...]:
    """Make call ids unique in the run, for some servers count from zero in every answer; others stay, their vendors know them."""
    taken = {call.id for fact in facts if isinstance(fact, ModelAnswered) for call in fact.tool_calls}
    unique = []
    for place, call in enumerate(calls):
        name = call.id if call.id and call.id not in taken else f"{len(facts)}-{place}-{call.id}"[:64]
        taken.add(name)
        unique.append(ToolCall(name, call.name, call.arguments))
    return tuple(unique)


def told(run: Run) -> dict[str, Any]:
    """Return what webhooks are told of a run: what it is and how it stands, not what was asked or answered."""
    return {
        "run": str(run.pk),
        "agent": str(run.agent_id),
        "started_by": str(run.started_by_id) if run.started_by_id else None,
        "state": run.state,
        "error_code": run.error_code,
        "url": current_tenant().address(f"/runs/{run.pk}/"),
    }
