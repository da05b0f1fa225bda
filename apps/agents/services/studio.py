"""Making agents: a new one, a copy of one, its name and what it may search, switched off and on."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.services.sharing import give_to_maker, may_manage
from apps.agents import actions
from apps.agents.blueprints import Blueprint
from apps.agents.blueprints.registry import blueprint_named
from apps.agents.models import Agent, Run, ToolGrant
from apps.agents.services import versions
from apps.agents.services.personalities import checked_words, save_named, told
from apps.agents.services.rule_sets import free_name
from apps.agents.types import LEAST_STEPS, MOST_STEPS, RUN
from apps.audit.services.trail import record
from apps.core.errors import Forbidden, InvalidInput
from apps.core.language import one_line
from apps.core.permissions import require
from apps.jobs import services as jobs
from apps.knowledge.models import KnowledgeBase

ADD = "agents.add_agent"
FIELDS = ("name", "description", "icon", "tint", "starters", "max_steps")
COPIED = (
    *("description", "icon", "tint", "starters", "max_steps", "instructions", "model", "personality"),
    *("prompt", "prompt_label", "prompt_version", "prompt_values", "form", "form_label", "blueprint"),
)
ICONS = {
    "message-square": gettext_lazy("Speech bubble"),
    "book-open": gettext_lazy("Book"),
    "file-text": gettext_lazy("Sheet of paper"),
    "scale": gettext_lazy("Scales"),
    "receipt": gettext_lazy("Receipt"),
    "users": gettext_lazy("Two people"),
    "globe": gettext_lazy("Globe"),
    "mail": gettext_lazy("Letter"),
    "calendar": gettext_lazy("Calendar"),
    "shield-check": gettext_lazy("Shield"),
    "wrench": gettext_lazy("Wrench"),
    "code": gettext_lazy("Source code"),
    "database": gettext_lazy("Database"),
    "languages": gettext_lazy("Languages"),
    "presentation": gettext_lazy("Slides"),
    "list-checks": gettext_lazy("Checklist"),
}
"""What an agent may look like, by the name in icons.svg, with words for people."""
MAX_STARTERS, MAX_STARTER_CHARS = 6, 200


@transaction.atomic
def save_agent(
    *, actor: Any, values: Mapping[str, Any], agent: Agent | None = None, blueprint: Blueprint | None = None
) -> Agent:
    """Make an agent that its maker manages and everybody may ask, or change one's name, looks, collections and limits.

    One made from a blueprint works by it for good; it has its instructions and tools, which may be changed as any other's.
    `knowledge_bases` are those to be searched; ones that the actor does not see stay as they are. `is_active` switches a known one
    as switch_agent() does. Raises Forbidden, InvalidInput with the field, Conflict for a taken name.
    """
    _require(actor, agent)
    row = agent or _made_from(blueprint)
    before = _told(row) if agent else None
    with versions.keeping(actor, row):
        for field in FIELDS:
            if field in values:
                setattr(row, field, values[field])
        check_looks(row)
        save_named(row)
        if "knowledge_bases" in values:
            _set_collections(actor, row, values["knowledge_bases"])
        if agent is None and blueprint is not None:
            ToolGrant.objects.bulk_create(ToolGrant(agent=row, tool=tool) for tool in blueprint.tools)
    after = _told(row)
    if agent is None:
        give_to_maker(shared=row, maker=actor)
        record(actions.AGENT_ADDED, actor=actor, target=row, after=after)
    elif after != before:
        record(actions.AGENT_CHANGED, actor=actor, target=row, before=before, after=after)
    if agent is not None and "is_active" in values:
        switch_agent(actor=actor, agent=agent, is_active=values["is_active"])
    return row


def chosen_blueprint(key: str) -> Blueprint | None:
    """Return the blueprint of a key, None for no key. Raises InvalidInput for one that is not there."""
    found = blueprint_named(key) if key else None
    if key and found is None:
        raise InvalidInput(_("There is no such blueprint."), field="blueprint")
    return found


@transaction.atomic
def copy_agent(*, actor: Any, agent: Agent) -> Agent:
    """Make an agent like another one: how it answers, its tools and what it searches, as far as the actor sees that. Raises Forbidden."""
    require(actor, ADD)
    values = {field: getattr(agent, field) for field in COPIED}
    row = Agent.objects.create(name=free_name(Agent, agent.name), **values)
    row.rule_sets.set(agent.rule_sets.all())
    for grant in agent.tool_grants.all():
        colleagues = Agent.objects.usable_by(actor).filter(pk__in=grant.colleagues.values("pk"))
        grant.pk, grant.agent, grant._state.adding = uuid4(), row, True
        grant.save()
        grant.colleagues.set(colleagues)
    row.knowledge_bases.set(KnowledgeBase.objects.visible_to(actor).filter(agents=agent))
    versions.keep(actor, row)
    give_to_maker(shared=row, maker=actor)
    record(actions.AGENT_ADDED, actor=actor, target=row, after=_told(row) | {"copy_of": agent.name})
    return row


@transaction.atomic
def switch_agent(*, actor: Any, agent: Agent, is_active: bool) -> None:
    """Switch an agent off, so that nobody asks it and what it works on stops, or on again; twice changes nothing. Raises Forbidden."""
    if not may_manage(actor, agent):
        raise Forbidden(_("Only those who manage this agent switch it on and off."))
    if agent.is_active == is_active:
        return
    agent.is_active = is_active
    agent.save(update_fields=["is_active", "updated_at"])
    if not is_active:
        jobs.cancel_all(
            kind=RUN, object_ids=list(Run.objects.active().filter(agent=agent).values_list("pk", flat=True))
        )
    record(actions.AGENT_SWITCHED_ON if is_active else actions.AGENT_SWITCHED_OFF, actor=actor, target=agent)


def _made_from(blueprint: Blueprint | None) -> Agent:
    if blueprint is None:
        return Agent()
    about = {"description": str(blueprint.summary)[:200], "icon": blueprint.icon}
    return Agent(blueprint=blueprint.key, instructions=blueprint.prompt("instructions"), **about)


def _require(actor: Any, agent: Agent | None) -> None:
    if agent is None:
        require(actor, ADD)
    elif not Agent.objects.changeable_by(actor).filter(pk=agent.pk).exists():
        raise Forbidden(_("Only those who may change this agent do this."))


def check_looks(row: Agent) -> None:
    """Put an agent's name and looks in order. Raises InvalidInput with the field."""
    row.name, row.description = one_line(row.name, 80), one_line(row.description, 200)
    if not row.name:
        raise InvalidInput(_("Give the agent a name."), field="name")
    if row.icon not in ICONS and row.icon != Agent.objects.filter(pk=row.pk).values_list("icon", flat=True).first():
        raise InvalidInput(_("There is no such icon."), field="icon")
    if row.tint not in Agent.Tint.values:
        raise InvalidInput(_("There is no such colour."), field="tint")
    if not LEAST_STEPS <= row.max_steps <= MOST_STEPS:
        message = _("Write a number from %(least)d to %(most)d.") % {"least": LEAST_STEPS, "most": MOST_STEPS}
        raise InvalidInput(message, field="max_steps")
    row.starters = checked_words(row.starters, "starters", most=MAX_STARTERS, most_chars=MAX_STARTER_CHARS)


def _set_collections(actor: Any, row: Agent, chosen: Sequence[KnowledgeBase]) -> None:
    seen = KnowledgeBase.objects.visible_to(actor)
    if seen.filter(pk__in=[base.pk for base in chosen]).count() < len(set(chosen)):
        raise InvalidInput(_("There is no such collection."), field="knowledge_bases")
    unseen = row.knowledge_bases.exclude(pk__in=seen)
    row.knowledge_bases.set([*chosen, *unseen])


def _told(row: Agent) -> dict[str, Any]:
    return told(row, FIELDS) | {"knowledge_bases": sorted(base.name for base in row.knowledge_bases.all())}
