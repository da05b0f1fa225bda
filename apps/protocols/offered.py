"""What of an organisation programs can ask by name: the agents that take a free question, and the passages that an answer rests on."""

from collections.abc import Collection, Iterable
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

NAME_CHARS = 46
"""So that a key and the word before a tool's name fit into the 64 characters that models take."""


def by_name(rows: Iterable[Any], *, without: str, taken: Collection[str] = ()) -> dict[str, Any]:
    """Return rows by their names as slugs of at most 55 characters, that key among them; `without` stands for a name that gives none.

    The first of several that are alike has the name to itself, the others have the beginning of their key behind it, as does one that is `taken`.
    """
    named: dict[str, Any] = {}
    for row in rows:
        slug = slugify(row.name)[:NAME_CHARS].strip("-") or without
        named[f"{slug}-{str(row.pk)[:8]}" if slug in named or slug in taken else slug] = row
    return named


def offered_agents(person: Any) -> dict[str, Agent]:
    """Return the agents that a person may ask a free question, by the name under which programs ask them; the oldest first."""
    free = Agent.objects.usable_by(person).filter(form=None, blueprint="")
    return by_name(free.order_by("created_at"), without="agent")


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
