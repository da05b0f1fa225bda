"""Which tools an agent has, and who is asked before it uses them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from apps.agents import actions
from apps.agents.models import Agent, ToolGrant
from apps.agents.registry import known_tools, tool_named
from apps.agents.services import versions
from apps.agents.services.behaviour import require_change
from apps.agents.services.personalities import checked_words
from apps.agents.tools.base import Tool
from apps.audit.services.trail import record
from apps.core.errors import InvalidInput

MOST_HOSTS = 100


@dataclass(frozen=True)
class Offer:
    """A tool that an agent could have, and the grant by which it does."""

    key: str
    tool: Tool
    grant: ToolGrant | None

    @property
    def amounts(self) -> list[str]:
        """Name the arguments that are numbers, above which a second person can be asked."""
        fields = self.tool.spec.parameters.get("properties", {})
        return [name for name, schema in fields.items() if schema.get("type") in ("number", "integer")]


def offers_for(agent: Agent) -> list[Offer]:
    """Return every tool that the agent has or could have."""
    grants = {grant.tool: grant for grant in agent.tool_grants.prefetch_related("colleagues")}
    return [Offer(key, tool, grants.get(key)) for key, tool in known_tools().items()]


@transaction.atomic
def set_tools(*, actor: Any, agent: Agent, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Give an agent exactly these tools; each is a mapping with `tool`, and what else a ToolGrant holds.

    Raises Forbidden, InvalidInput with the tool as the field.
    """
    require_change(actor, agent)
    before = _told(agent)
    keys = [entry["tool"] for entry in wanted]
    if len(set(keys)) < len(keys):
        raise InvalidInput(_("Name each tool once."), field="tool")
    with versions.keeping(actor, agent):
        for entry in wanted:
            _save(actor, agent, entry)
        agent.tool_grants.exclude(tool__in=keys).delete()
    after = _told(agent)
    if after != before:
        record(actions.AGENT_TOOLS_CHANGED, actor=actor, target=agent, before={"tools": before}, after={"tools": after})


def _save(actor: Any, agent: Agent, entry: Mapping[str, Any]) -> None:
    key = entry["tool"]
    tool = tool_named(key)
    if tool is None:
        raise InvalidInput(_("There is no such tool."), field=key)
    grant = ToolGrant.objects.filter(agent=agent, tool=key).first() or ToolGrant(agent=agent, tool=key)
    grant.consent = entry.get("consent", grant.consent)
    grant.approvers = entry.get("approvers", grant.approvers)
    grant.second_field = entry.get("second_field", grant.second_field)
    grant.second_above = entry.get("second_above", grant.second_above)
    if tool.takes == "hosts":
        grant.hosts = _hosts(entry.get("hosts", grant.hosts), key)
    _check(grant, tool)
    grant.save()
    if tool.takes == "colleagues" and "colleagues" in entry:
        grant.colleagues.set(_colleagues(actor, agent, entry["colleagues"], key))


def _check(grant: ToolGrant, tool: Tool) -> None:
    if grant.consent not in ToolGrant.Consent.values:
        raise InvalidInput(_("Choose when it asks."), field=grant.tool)
    if grant.approvers and not Group.objects.filter(pk=grant.approvers.pk).exists():
        raise InvalidInput(_("There is no such role or group."), field=grant.tool)
    if not grant.second_field and grant.second_above is None:
        return
    if not grant.second_field or grant.second_above is None or grant.approvers is None:
        words = _("A second person is one of those who decide: choose who, and above which amount.")
        raise InvalidInput(words, field=grant.tool)
    if grant.second_field not in Offer(grant.tool, tool, grant).amounts:
        raise InvalidInput(_("This tool has no such amount."), field=grant.tool)


def _hosts(words: Sequence[str], key: str) -> list[str]:
    hosts = [word.lower().strip(".") for word in checked_words(words, key, most=MOST_HOSTS, most_chars=253)]
    if any("/" in host or ":" in host or " " in host for host in hosts):
        raise InvalidInput(_("Write hosts like example.com, without a scheme or a path."), field=key)
    return hosts


def _colleagues(actor: Any, agent: Agent, chosen: Sequence[Agent], key: str) -> list[Agent]:
    usable = Agent.objects.usable_by(actor).exclude(pk=agent.published_id)
    found = list(usable.filter(pk__in=[each.pk for each in chosen]))
    if len(found) < len({each.pk for each in chosen}):
        raise InvalidInput(_("There is no such agent."), field=key)
    return found


def _told(agent: Agent) -> list[dict[str, Any]]:
    grants = ToolGrant.objects.filter(agent=agent).select_related("approvers").prefetch_related("colleagues")
    return [
        {
            "tool": grant.tool,
            "consent": grant.consent,
            "approvers": grant.approvers.name if grant.approvers else "",
            "second_above": f"{grant.second_field} > {grant.second_above}" if grant.second_field else "",
            "hosts": grant.hosts,
            "colleagues": sorted(each.name for each in grant.colleagues.all()),
        }
        for grant in grants
    ]
