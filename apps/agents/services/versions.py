"""What an agent was after each change, and in what two of its versions differ."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.agents.events import agent_changing, version_kept
from apps.agents.models import Agent, AgentVersion, ToolGrant
from apps.agents.types import Change
from apps.core.errors import Conflict
from apps.core.language import one_line
from apps.knowledge.models import KnowledgeBase
from apps.prompts.rendering import difference

PLAIN = ("name", "description", "icon", "tint", "starters", "max_steps", "instructions", "prompt_label", "form_label")
SINGLE = ("model", "prompt", "prompt_version", "form", "personality")
SEVERAL = ("rule_sets", "knowledge_bases")
LABELS = {
    "name": _("Name"),
    "description": _("What it does, in one sentence"),
    "icon": _("Icon"),
    "tint": _("Colour"),
    "starters": _("First questions"),
    "max_steps": _("Most steps in a run"),
    "instructions": _("Instructions"),
    "model": _("Model"),
    "prompt": _("Prompt"),
    "prompt_label": _("Label of the prompt"),
    "prompt_version": _("Version of the prompt"),
    "prompt_values": _("Values of the prompt"),
    "form": _("Form"),
    "form_label": _("Label of the form"),
    "personality": _("Personality"),
    "rule_sets": _("Business rules"),
    "knowledge_bases": _("Collections that it searches"),
}
_open: ContextVar[frozenset[Any]] = ContextVar("agents_being_changed", default=frozenset())


def content_of(agent: Agent) -> dict[str, Any]:
    """Return what an agent is, as JSON: what it refers to as {id, name}, its tools under `tools`."""
    row = Agent.objects.select_related(*SINGLE).get(pk=agent.pk)
    content = {field: getattr(row, field) for field in (*PLAIN, "prompt_values")}
    content |= {field: _named(getattr(row, field)) for field in SINGLE}
    content |= {field: [_named(each) for each in getattr(row, field).order_by("pk")] for field in SEVERAL}
    grants = row.tool_grants.select_related("approvers").prefetch_related("colleagues").order_by("tool")
    return content | {"tools": [_tool(grant) for grant in grants]}


@contextmanager
def keeping(actor: Any, agent: Agent, note: str = "", *, is_looked_at: bool = False) -> Iterator[None]:
    """Keep what a change makes of an agent as a version; changes inside of each other make one. Inside a transaction.

    What the agent was before is kept first where nothing was; a draft has no versions. `is_looked_at`: the change was tried before, in a
    draft or as a version. Raises Conflict where a higher app wants it so.
    """
    if agent.draft_of_id is not None:
        require_unexposed(agent)
    if agent.draft_of_id is not None or agent.pk in _open.get():
        yield
        return
    if not agent._state.adding:
        if not is_looked_at:
            agent_changing.send(sender=Agent, agent=agent)
        Agent.objects.select_for_update().get(pk=agent.pk)
        if not agent.versions.exists():
            keep(None, agent)
    token = _open.set(_open.get() | {agent.pk})
    try:
        yield
    finally:
        _open.reset(token)
    keep(actor, agent, note)


def require_unexposed(draft: Agent) -> None:
    """Raise Conflict while a draft answers people; until the transaction ends, it begins to answer nobody."""
    if Agent.objects.select_for_update(of=("self",)).get(pk=draft.pk).answers_percent:
        raise Conflict(_("People are answered by this draft in an experiment. End that first."), code="in_experiment")


def keep(actor: Any, agent: Agent, note: str = "") -> None:
    """Write down what an agent is, unless its last version says the same."""
    last, content = agent.versions.first(), content_of(agent)
    if last is not None and last.content == content:
        return
    author = actor if actor is not None and actor.pk else None
    number = last.number + 1 if last else 1
    AgentVersion.objects.create(
        agent=agent, number=number, content=content, note=one_line(note, 200), written_by=author
    )
    version_kept.send(sender=Agent, agent=agent)


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], *, unseen: frozenset[str] = frozenset()
) -> list[Change]:
    """Return in what two contents differ, field by field and tool by tool.

    `unseen` are ids of what is not to be named to whoever looks.
    """
    found = [
        Change(str(label), _words(old, unseen), _words(new, unseen), _lines(old, new))
        for field, label in LABELS.items()
        if (old := before.get(field)) != (new := after.get(field))
    ]
    old_tools, new_tools = _by_key(before), _by_key(after)
    for key in sorted({*old_tools, *new_tools}):
        if old_tools.get(key) != new_tools.get(key):
            label = _("Tool: %(tool)s") % {"tool": key}
            found.append(Change(label, _grant(old_tools.get(key), unseen), _grant(new_tools.get(key), unseen), ()))
    return found


def unseen_by(user: Any) -> frozenset[str]:
    """Return the ids of collections and agents that are not to be named to somebody."""
    bases = KnowledgeBase.objects.exclude(pk__in=KnowledgeBase.objects.visible_to(user))
    agents = Agent.objects.exclude(pk__in=Agent.objects.visible_to(user))
    return frozenset(str(pk) for rows in (bases, agents) for pk in rows.values_list("pk", flat=True))


def without_names(value: Any, unseen: frozenset[str]) -> Any:
    """Return a content in which what somebody does not see has no name."""
    if isinstance(value, Mapping):
        if value.get("id") in unseen:
            return {"id": value["id"], "name": ""}
        return {key: without_names(each, unseen) for key, each in value.items()}
    return [without_names(each, unseen) for each in value] if isinstance(value, list) else value


def _named(row: Any) -> dict[str, str] | None:
    return {"id": str(row.pk), "name": str(row)} if row is not None else None


def _tool(grant: ToolGrant) -> dict[str, Any]:
    return {
        "tool": grant.tool,
        "consent": grant.consent,
        "approvers": _named(grant.approvers),
        "second_field": grant.second_field,
        "second_above": None if grant.second_above is None else str(grant.second_above.normalize()),
        "hosts": list(grant.hosts),
        "colleagues": sorted((_named(each) for each in grant.colleagues.all()), key=str),
    }


def _by_key(content: Mapping[str, Any]) -> dict[str, Any]:
    return {each["tool"]: each for each in content.get("tools", ())}


def _words(value: Any, unseen: frozenset[str]) -> str:
    """Return a value as people read it."""
    if isinstance(value, Mapping) and "id" in value:
        return str(_("one that you do not see")) if value["id"] in unseen else str(value["name"])
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {text}" for name, text in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        separator = ", " if value and isinstance(value[0], Mapping) else "\n"
        return separator.join(_words(each, unseen) for each in value)
    return "" if value is None else str(value)


def _lines(old: Any, new: Any) -> Sequence[Any]:
    """Return the lines of two texts beside each other, where one has several."""
    is_long = isinstance(old, str) and isinstance(new, str) and "\n" in f"{old}{new}"
    return difference(old, new) if is_long else ()


def _grant(tool: Mapping[str, Any] | None, unseen: frozenset[str]) -> str:
    if tool is None:
        return ""
    lines = [str(ToolGrant.Consent(tool["consent"]).label)]
    if tool["approvers"]:
        lines.append(str(_("Decides: %(who)s") % {"who": tool["approvers"]["name"]}))
    if tool["second_field"]:
        lines.append(f"{tool['second_field']} > {tool['second_above']}")
    return "\n".join([*lines, *tool["hosts"], *(_words(each, unseen) for each in tool["colleagues"])])
