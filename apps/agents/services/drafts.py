"""Working on an agent while people go on using it: a draft that is tried, compared and published, and the way back to a version."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from apps.agents import actions
from apps.agents.events import draft_publishing
from apps.agents.models import Agent, AgentVersion, Personality, RuleSet, Run, ToolGrant
from apps.agents.registry import tool_named
from apps.agents.services import versions
from apps.agents.services.behaviour import check_behaviour, require_change
from apps.agents.services.personalities import save_named
from apps.agents.services.studio import check_looks
from apps.audit.services.trail import record
from apps.core.errors import Conflict
from apps.core.permissions import require
from apps.knowledge.models import KnowledgeBase
from apps.prompts.models import Prompt, PromptVersion
from apps.providers.models import ProviderModel

KINDS: Mapping[str, Any] = {
    "model": ProviderModel,
    "prompt": Prompt,
    "prompt_version": PromptVersion,
    "form": Prompt,
    "personality": Personality,
    "rule_sets": RuleSet,
    "knowledge_bases": KnowledgeBase,
}


@transaction.atomic
def start_draft(*, actor: Any, agent: Agent) -> Agent:
    """Return the agent's draft, made of what it is now if there is none. Raises Forbidden, Conflict for a draft."""
    require_change(actor, agent)
    if agent.draft_of_id is not None:
        raise Conflict(_("This is a draft already."))
    Agent.objects.select_for_update().get(pk=agent.pk)
    draft = Agent.objects.filter(draft_of=agent).first()
    if draft is None:
        draft = Agent(draft_of=agent, is_open=False, blueprint=agent.blueprint)
        _write(draft, versions.content_of(agent))
        record(actions.AGENT_DRAFTED, actor=actor, target=agent)
    return draft


@transaction.atomic
def discard_draft(*, actor: Any, agent: Agent) -> None:
    """Throw the agent's draft away; what was tried on it stays, as trials of the agent. Raises Forbidden, Conflict without one."""
    require_change(actor, agent)
    draft = _draft_of(agent)
    versions.require_unexposed(draft)
    _drop(draft)
    record(actions.AGENT_DRAFT_DISCARDED, actor=actor, target=agent)


@transaction.atomic
def publish_draft(*, actor: Any, agent: Agent, note: str = "", over: int | None = None) -> Agent:
    """Make the agent what its draft is, as a new version.

    `over` is the number of the version that the draft was compared with (None: not said). Raises Forbidden, Conflict without a draft
    or when the agent is at another version by now or something guards it, InvalidInput when the draft does not hold any more.
    """
    require_change(actor, agent)
    draft = _draft_of(agent)
    versions.require_unexposed(draft)
    last = agent.versions.first()
    if over is not None and over != (last.number if last else 0):
        raise Conflict(_("Somebody has changed the agent meanwhile. Compare again before you publish."), code="changed")
    draft_publishing.send(sender=Agent, agent=agent, draft=draft)
    with versions.keeping(actor, agent, note, is_looked_at=True):
        _write(agent, versions.content_of(draft))
    _drop(draft)
    number = agent.versions.first().number  # type: ignore[union-attr]
    record(actions.AGENT_PUBLISHED, actor=actor, target=agent, after={"version": number, "note": note})
    return agent


@transaction.atomic
def expose_draft(*, actor: Any, agent: Agent, percent: int) -> Agent:
    """Have the agent's draft answer so many percent of the people who ask it; it does not change meanwhile. Returns the draft.

    Raises Forbidden, Conflict without a draft, for one that answers people already, and when something guards the agent.
    """
    require_change(actor, agent)
    draft = _draft_of(agent)
    versions.require_unexposed(draft)
    draft_publishing.send(sender=Agent, agent=agent, draft=draft)
    Agent.objects.filter(pk=draft.pk).update(answers_percent=percent)
    return draft


def withdraw_draft(*, agent: Agent) -> None:
    """Have the agent's draft answer nobody any more; what it has begun it ends. Part of the caller's transaction."""
    Agent.objects.filter(draft_of=agent).update(answers_percent=0)


@transaction.atomic
def restore(*, actor: Any, agent: Agent, version: AgentVersion) -> list[str]:
    """Make an agent what it was at a version, as a new version; return the names of what is not there any more and was left out.

    Collections and agents that the actor does not see come in by nobody's asking: they are left out, too; those that the agent has
    stay. Raises Forbidden, InvalidInput when what it was does not hold any more, Conflict when its name is taken.
    """
    require_change(actor, agent)
    content = dict(version.content)
    if any(content.get(field) != versions.content_of(agent)[field] for field in ("prompt", "form")):
        require(actor, "prompts.view_prompt")
    kept: set[Any] = set(agent.knowledge_bases.values_list("pk", flat=True))
    seen: set[Any] = set(KnowledgeBase.objects.visible_to(actor).values_list("pk", flat=True))
    note = _("As it was in version %(n)d") % {"n": version.number}
    with versions.keeping(actor, agent, note, is_looked_at=True):
        gone = _write(agent, content, actor=actor)
        wanted: set[Any] = set(agent.knowledge_bases.values_list("pk", flat=True))
        agent.knowledge_bases.set(KnowledgeBase.objects.filter(pk__in=(wanted & seen) | (kept - seen)))
    record(actions.AGENT_RESTORED, actor=actor, target=agent, after={"version": version.number, "left_out": gone})
    return gone


def _draft_of(agent: Agent) -> Agent:
    draft = Agent.objects.select_for_update(of=("self",)).filter(draft_of=agent).first()
    if draft is None:
        raise Conflict(_("There is no draft (any more)."))
    return draft


def _drop(draft: Agent) -> None:
    Run.objects.filter(agent=draft).update(agent=draft.draft_of)
    draft.delete()


def _write(row: Agent, content: Mapping[str, Any], actor: Any = None) -> list[str]:
    """Make a row what a content says; return the names of what is not there any more. An actor gives it no agent they may not ask."""
    gone: list[str] = []
    for field in (*versions.PLAIN, "prompt_values"):
        setattr(row, field, content[field])
    for field in versions.SINGLE:
        found = _found(KINDS[field], [content[field]], gone)
        setattr(row, field, found[0] if found else None)
    if row.form is None:
        row.form_label = ""
    check_looks(row)
    check_behaviour(row)
    save_named(row)
    for field in versions.SEVERAL:
        getattr(row, field).set(_found(KINDS[field], content[field], gone))
    row.tool_grants.all().delete()
    for entry in content["tools"]:
        _give(row, entry, gone, actor)
    return gone


def _found(kind: Any, named: Iterable[Mapping[str, str] | None], gone: list[str]) -> list[Any]:
    """Return the rows that are still there; name the others in `gone`."""
    wanted = {each["id"]: each["name"] for each in named if each}
    rows = {str(row.pk): row for row in kind.objects.filter(pk__in=list(wanted))} if wanted else {}
    gone += [name for key, name in wanted.items() if key not in rows]
    return list(rows.values())


def _give(row: Agent, entry: Mapping[str, Any], gone: list[str], actor: Any) -> None:
    """Give a tool as it was given; one whose deciding group is gone is left out, since nobody could say yes."""
    approvers = _found(Group, [entry["approvers"]], [])
    if tool_named(entry["tool"]) is None or (entry["approvers"] and not approvers):
        gone.append(entry["tool"])
        return
    grant = ToolGrant.objects.create(
        agent=row,
        tool=entry["tool"],
        consent=entry["consent"],
        approvers=approvers[0] if approvers else None,
        second_field=entry["second_field"],
        second_above=entry["second_above"],
        hosts=entry["hosts"],
    )
    colleagues = _found(Agent, entry["colleagues"], gone)
    if actor is not None:
        usable = set(Agent.objects.usable_by(actor).values_list("pk", flat=True))
        colleagues = [each for each in colleagues if each.pk in usable]
    grant.colleagues.set(colleagues)
