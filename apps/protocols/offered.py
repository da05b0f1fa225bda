"""What of an organisation programs can ask by name: the agents that take a free question, and the passages that an answer rests on."""

from typing import Any

from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.agents.citations import quote_for
from apps.agents.models import Agent, Run
from apps.agents.records import sources_of
from apps.core.errors import NotFound
from apps.core.markdown import cited_numbers
from apps.core.models import is_uuid
from apps.core.tenancy import current_tenant


def offered_agents(person: Any) -> dict[str, Agent]:
    """Return the agents that a person may ask a free question, by the name under which programs ask them.

    The name is the agent's as a slug; of several that are alike all but the oldest have the beginning of their key behind it.
    """
    named: dict[str, Agent] = {}
    found = Agent.objects.usable_by(person).filter(form=None, blueprint="").select_related("model")
    for agent in found.order_by("created_at"):
        base = slugify(agent.name)[:50].strip("-") or "agent"
        named[base if base not in named else f"{base}-{str(agent.pk)[:8]}"] = agent
    return named


def offered_agent(person: Any, name: str) -> Agent:
    """Return the agent of a name or key. Raises NotFound."""
    named = offered_agents(person)
    found = named.get(name)
    if found is None and is_uuid(name):
        found = next((agent for agent in named.values() if str(agent.pk) == name), None)
    if found is None:
        raise NotFound(_("There is no such agent, or you may not ask it."), field="model")
    return found


def citations_of(run: Run) -> list[dict[str, Any]]:
    """Return the passages that a run's answer cites: number, document, its key and address, page, heading and the words that it rests on."""
    numbers = set(cited_numbers(run.answer))
    tenant = current_tenant()
    return [
        {
            "number": source.number,
            "document": source.document,
            "document_id": source.document_id,
            "chunk_id": source.chunk_id,
            "page": source.page,
            "heading": source.heading,
            "quote": quote_for(run.answer, source),
            "url": tenant.address(reverse("document", args=[source.document_id])),
        }
        for source in sources_of(run)
        if source.number in numbers
    ]
