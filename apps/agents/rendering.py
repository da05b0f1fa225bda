"""A run's steps in words, for the steps card, the timeline and the API; what waits in it for people, as cards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents import registry
from apps.agents.blueprints.registry import blueprint_named
from apps.agents.citations import quote_for
from apps.agents.forms import ArgumentsForm
from apps.agents.models import Agent, Approval, Run, RunEvent, Vote
from apps.agents.planning import Task, tasks_of
from apps.agents.records import is_held_back, sources_of
from apps.agents.services import approvals
from apps.agents.tools.plan import NAME as PLAN
from apps.core.markdown import cited_numbers, render_blocks
from apps.knowledge.models import Document

QUOTE_CHARS = 400


@dataclass(frozen=True)
class StepLine:
    """One line of the steps card and of the run's timeline; times in seconds from the run's start."""

    number: int
    kind: str
    icon: str
    tint: str
    title: str
    amount: str
    start_s: float
    took_s: float
    sent: str
    came_back: str


def step_lines(events: Sequence[RunEvent]) -> list[StepLine]:
    """Describe the finished steps of a run in words."""
    begun = events[0].started_at if events else None
    lines = []
    for event in events:
        start_s = (event.started_at - begun).total_seconds() if begun else 0.0
        lines.append(_DESCRIBE.get(event.kind, _tool_line)(event, start_s))
    return lines


def _model_line(event: RunEvent, start_s: float) -> StepLine:
    payload = event.payload
    wrote = ngettext("%(n)d token", "%(n)d tokens", payload["output_tokens"]) % {"n": payload["output_tokens"]}
    title = _("Decided what to do") if payload["tool_calls"] else _("Wrote the answer")
    if payload.get("is_kept"):
        wrote = _("from the cache")
    if covered := sum(payload.get("covered", {}).values()):
        words = ngettext("%(n)d personal detail covered", "%(n)d personal details covered", covered)
        wrote = f"{wrote} · {words % {'n': covered}}"
    came_back = {key: payload[key] for key in ("text", "tool_calls", "reason")}
    sent = {key: payload[key] for key in ("provider", "input_tokens", "cached_tokens")} | {"model": event.name}
    return StepLine(
        event.number, "model", "cpu", "", title, wrote, start_s, event.took_s, _json(sent), _json(came_back)
    )


def _tool_line(event: RunEvent, start_s: float) -> StepLine:
    found = len(event.payload.get("sources", ()))
    if event.name == "search_knowledge":
        title, icon, tint, kind = _("Searched the documents"), "book-open", "info", "ret"
        amount = ngettext("%(n)d passage", "%(n)d passages", found) % {"n": found}
    else:
        tool = registry.built_in(event.name)
        title = str(tool.title or event.name) if tool else event.payload.get("title") or event.name
        icon = tool.icon if tool else "wrench"
        tint, kind, amount = "tool", "tool", ""
        if _has_failed(event.payload.get("result", "")):
            amount, tint = _("did not work"), "warn"
    return StepLine(
        event.number,
        kind,
        icon,
        tint,
        title,
        amount,
        start_s,
        event.took_s,
        _pretty(event.payload.get("arguments", "")),
        _pretty(event.payload.get("result", "")),
    )


def _has_failed(result: str) -> bool:
    """Say whether a tool's result is that it did not work."""
    try:
        told = orjson.loads(result)
    except orjson.JSONDecodeError:
        return False
    return isinstance(told, dict) and "error" in told


def _rules_line(event: RunEvent, start_s: float) -> StepLine:
    findings = event.payload["findings"]
    title = _("Rules looked at the question") if event.name == "input" else _("Rules looked at the answer")
    fired = [finding for finding in findings if finding["outcome"] != "passed"]
    is_blocked = any(finding["outcome"] == "blocked" for finding in findings)
    amount = ", ".join(finding["rule"] for finding in fired) or _("all passed")
    sent = "\n".join(f"{finding['rule_set']}: {finding['rule']}" for finding in findings)
    came_back = _json([{key: value for key, value in finding.items() if value} for finding in findings])
    tint = "warn" if is_blocked else "ok"
    return StepLine(event.number, "guard", "shield-check", tint, title, amount, start_s, event.took_s, sent, came_back)


def _step_line(event: RunEvent, start_s: float) -> StepLine:
    title, came_back = event.payload["title"], _json(event.payload["value"])
    return StepLine(event.number, "step", "list-checks", "ok", title, "", start_s, event.took_s, "", came_back)


_DESCRIBE: dict[str, Callable[[RunEvent, float], StepLine]] = {
    RunEvent.Kind.MODEL: _model_line,
    RunEvent.Kind.RULES: _rules_line,
    RunEvent.Kind.STEP: _step_line,
}


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _pretty(text: str) -> str:
    try:
        return _json(orjson.loads(text))
    except orjson.JSONDecodeError:
        return text


def steps_of(run: Run) -> list[StepLine]:
    """Read and describe the finished steps of a run.

    What the model wrote is left out where a rule stopped it, or may yet stop it.
    """
    events = [event for event in run.events.all() if event.kind != RunEvent.Kind.INTENT]
    is_hidden = _was_blocked(events) if run.is_final else is_held_back(run)
    return [
        replace(line, came_back=_("Hidden by rule")) if is_hidden and line.kind in ("model", "step") else line
        for line in step_lines(events)
    ]


def _was_blocked(events: Sequence[RunEvent]) -> bool:
    findings = [f for event in events if event.kind == RunEvent.Kind.RULES for f in event.payload["findings"]]
    return any(finding["outcome"] == "blocked" for finding in findings)


@dataclass(frozen=True)
class Bar:
    """A step on the timeline: its line, and where it lies in per cent of the run's whole time."""

    line: StepLine
    left: float
    width: float


def timeline(lines: Sequence[StepLine]) -> tuple[list[Bar], list[tuple[float, float]]]:
    """Return the bars and four axis marks (per cent, seconds) of a run."""
    total_s = max((line.start_s + line.took_s for line in lines), default=0.0) or 0.001
    bars = [
        Bar(line, round(line.start_s / total_s * 100, 2), max(round(line.took_s / total_s * 100, 2), 0.6))
        for line in lines
    ]
    return bars, [(25.0 * mark, total_s * mark / 4) for mark in range(4)]


def result_of(run: Run) -> dict[str, Any]:
    """Return what a page shows of a run's result: blocks of HTML, the passages it rests on, its steps."""
    seen = sources_of(run)
    cited = set(cited_numbers(run.answer))
    there = _standing({source.document_id for source in seen})
    shown = [source for source in seen if source.number in cited] or seen
    rows = [
        {
            **vars(source),
            "document_id": source.document_id if source.document_id in there else None,
            "quote": quote_for(run.answer, source) if source.number in cited else source.text[:QUOTE_CHARS],
            "is_cited": source.number in cited,
        }
        for source in shown
    ]
    blocks = render_blocks(run.answer, sources=len(seen), is_alone=True)
    about = {"steps": steps_of(run), "progress": progress_of(run), "has_agenda": has_agenda(run)}
    return {"blocks": blocks, "sources": rows, **about}


def has_agenda(run: Run) -> bool:
    """Say whether duties come of a run's result, which can be kept as a checklist."""
    blueprint = blueprint_named(run.blueprint)
    return blueprint is not None and blueprint.agenda is not None and run.state == Run.State.SUCCEEDED


@dataclass(frozen=True)
class Progress:
    """A step of a blueprint: `state` is done, working, failed or waiting."""

    title: str
    state: str


def progress_of(run: Run) -> list[Progress]:
    """Return the steps of a run's blueprint with how far each is; none for a run without a blueprint."""
    blueprint = blueprint_named(run.blueprint)
    if blueprint is None:
        return []
    done = set(run.events.filter(kind=RunEvent.Kind.STEP).values_list("name", flat=True))
    left = [step.key for step in blueprint.steps if step.key not in done]
    now = "failed" if run.is_final else "working"
    states = {key: now if key == left[0] else "waiting" for key in left}
    return [Progress(str(step.title), states.get(step.key, "done")) for step in blueprint.steps]


@dataclass(frozen=True)
class Given:
    """Something that a form was filled in with; `file` is the key of a file, "" for what was written."""

    title: str
    text: str
    file: str = ""


def given_of(run: Run) -> list[Given]:
    """Return what a run's form was filled in with, files by their names."""
    blueprint = blueprint_named(run.blueprint)
    titles = {variable.name: variable.title for variable in blueprint.asks} if blueprint else {}
    files = {str(file.pk): file.name for file in run.files.all()} if run.blueprint else {}
    return [
        Given(titles.get(name, name), files.get(value, value), value if value in files else "")
        for name, value in run.inputs.items()
    ]


@dataclass(frozen=True)
class Card:
    """An approval as one person sees it: each argument with what was proposed where that was changed, and what they may do."""

    approval: Approval
    agent: Agent
    lines: list[tuple[str, str, str]]
    votes: list[Vote]
    may_decide: bool
    may_remember: bool
    form: ArgumentsForm | None
    tasks: list[Task]


def card_of(approval: Approval, viewer: Any, *, data: Any = None) -> Card:
    """Return the card of an approval for somebody who may see it; `data` are arguments that were sent."""
    votes = list(approval.votes.all())
    has_voted = any(vote.person_id == viewer.pk and vote.digest == approval.digest for vote in votes)
    may_decide = approval.is_waiting and not has_voted and approvals.may_decide(viewer, approval)
    tool = registry.held_tool(approval.run.acts_as, approval.tool) if may_decide else None
    return Card(
        approval=approval,
        agent=approval.run.agent,
        lines=[] if approval.tool == PLAN else _argument_lines(approval),
        votes=[vote for vote in votes if vote.digest == approval.digest],
        may_decide=may_decide,
        may_remember=may_decide and approvals.may_remember(approval),
        form=ArgumentsForm(tool, approval.arguments, data) if tool else None,
        tasks=_tasks(approval),
    )


def _tasks(approval: Approval) -> list[Task]:
    """Return the tasks of a plan with the runs that work on them; none for what is no plan."""
    if approval.tool != PLAN:
        return []
    return tasks_of(approval.run, approval.call_id, approval.arguments.get("tasks", ()))


def cards_of(run: Run, viewer: Any) -> list[Card]:
    """Return the cards of a run's approvals, those of the runs that work for it among them, the oldest first."""
    found = run.family_approvals.all() if run.parent_id is None else run.approvals.all()
    return [card_of(approval, viewer) for approval in sorted(found, key=lambda row: row.created_at)]


def _argument_lines(approval: Approval) -> list[tuple[str, str, str]]:
    """Return (name, value, what was proposed instead or "") of every argument, those that were taken out among them."""
    now, before = _flat(approval.arguments), _flat(approval.proposed)
    names = [*now, *(name for name in before if name not in now)]
    return [
        (name, _plain(now.get(name)), "" if now.get(name) == before.get(name) else _plain(before.get(name)) or "–")
        for name in names
    ]


def _flat(arguments: Mapping[str, Any], inside: str = "") -> dict[str, Any]:
    """Give each value in nested objects a line of its own, under its path."""
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        path = f"{inside}{name}"
        found |= _flat(value, f"{path}.") if isinstance(value, dict) and value else {path: value}
    return found


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)


def _standing(keys: set[str]) -> set[str]:
    return {str(pk) for pk in Document.objects.filter(pk__in=keys).values_list("pk", flat=True)}
