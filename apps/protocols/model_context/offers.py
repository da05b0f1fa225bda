"""What a person, or the key that asks for them, can use from outside: which tools, documents and prompts, and what each gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.agents.models import Agent, Run
from apps.agents.services.runs import start_run
from apps.core.errors import InvalidInput, NotFound
from apps.core.models import is_uuid
from apps.core.tenancy import current_tenant
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.services import collections
from apps.prompts.models import Prompt
from apps.prompts.services import library
from apps.prompts.templating import checked_values, given_values, render
from apps.protocols.offered import by_name, citations_of, offered_agents

ASK, SEARCH, ALL = "ask_", "search_", "all"
SCHEME = "guildhall://documents/"
PAGE, MOST_CHARS, MOST_HITS = 100, 400_000, 20
Reach = Callable[[str], bool]
"""Says whether whoever asks reaches a scope; a person who signed in reaches all."""


@dataclass(frozen=True)
class OfferedTool:
    """An agent that answers a question, or a collection that is searched (None: all that are seen)."""

    title: str
    description: str
    agent: Agent | None = None
    base: KnowledgeBase | None = None


def tools(person: Any, reach: Reach) -> dict[str, OfferedTool]:
    """Return the tools by name: `ask_<agent>`, `search_<collection>`, and `search_all` over every collection that is seen."""
    found: dict[str, OfferedTool] = {}
    if reach("agents:write"):
        for name, agent in offered_agents(person).items():
            about = agent.description or _("Answers questions.")
            found[_named(ASK, name)] = OfferedTool(agent.name, about, agent=agent)
    if reach("knowledge:read"):
        words = _("Finds passages in all documents of the organisation that you may see.")
        found[f"{SEARCH}{ALL}"] = OfferedTool(_("All collections"), words)
        bases = KnowledgeBase.objects.visible_to(person).order_by("created_at")
        for name, base in by_name(bases, without="collection", taken=(ALL,)).items():
            words = base.description or _("Finds passages in the documents of this collection.")
            found[_named(SEARCH, name)] = OfferedTool(base.name, words, base=base)
    return found


def _named(kind: str, name: str) -> str:
    return kind + name.replace("-", "_")


def begin(person: Any, agent: Agent, arguments: Mapping[str, Any]) -> Run:
    """Start the run that answers a question. Raises InvalidInput and what start_run() raises."""
    question = arguments.get("question")
    if not isinstance(question, str):
        raise InvalidInput(_("Give the question as text."), field="question")
    return start_run(actor=person, agent=agent, question=question)


def came(run: Run) -> dict[str, Any]:
    """Return what a run came to: the answer, what it cites, and the page on which each step stands."""
    return {
        "run": str(run.pk),
        "state": run.state,
        "answer": run.answer,
        "error": run.error,
        "citations": citations_of(run),
        "url": current_tenant().address(f"/runs/{run.pk}/"),
    }


def found(person: Any, base: KnowledgeBase | None, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the passages that a search finds, best first. Raises InvalidInput."""
    query, limit = arguments.get("query"), arguments.get("limit", 8)
    if not isinstance(query, str) or not query.strip():
        raise InvalidInput(_("Give the words to search for."), field="query")
    if not isinstance(limit, int) or not 1 <= limit <= MOST_HITS:
        raise InvalidInput(_("Give a number from 1 to %(n)d.") % {"n": MOST_HITS}, field="limit")
    hits = collections.search_documents(actor=person, query=query, bases=[base] if base else None, limit=limit)
    return [
        {
            "document": hit.document,
            "uri": f"{SCHEME}{hit.document_id}",
            "page": hit.page,
            "heading": hit.heading,
            "text": hit.text,
            "score": round(hit.score, 4),
        }
        for hit in hits
    ]


def documents_after(person: Any, cursor: str | None) -> tuple[list[Document], str | None]:
    """Return a page of the documents that are seen, by key, and where the next one begins. Raises InvalidInput."""
    seen = Document.objects.visible_to(person).filter(state=Document.State.READY).select_related("knowledge_base")
    if cursor is not None:
        if not is_uuid(cursor):
            raise InvalidInput(_("This is not where a page begins."), field="cursor")
        seen = seen.filter(pk__gt=UUID(cursor))
    rows = list(seen.order_by("pk")[: PAGE + 1])
    return rows[:PAGE], str(rows[PAGE - 1].pk) if len(rows) > PAGE else None


def text_of(person: Any, uri: str) -> str:
    """Return what was read of a document, passage by passage. Raises NotFound."""
    key = uri.removeprefix(SCHEME)
    seen = Document.objects.visible_to(person)
    row = seen.filter(pk=key).first() if uri.startswith(SCHEME) and is_uuid(key) else None
    if row is None:
        raise NotFound(_("There is no such document, or you may not see it."))
    parts, length = [f"# {row.name}"], 0
    for text in row.chunks.order_by("position").values_list("text", flat=True):
        parts.append(text)
        length += len(text)
        if length > MOST_CHARS:
            parts.append("[…]")
            break
    return "\n\n".join(parts)


def prompts(person: Any, reach: Reach) -> dict[str, Prompt]:
    """Return the prompts that are seen, by their name as a slug."""
    if not reach("prompts:read") or not person.has_perm(library.VIEW):
        return {}
    rows = Prompt.objects.prefetch_related("versions").order_by("created_at")
    return by_name([row for row in rows if row.versions.all()], without="prompt")


def filled(person: Any, prompt: Prompt, values: Mapping[str, str]) -> str:
    """Return the newest version of a prompt, filled in. Raises InvalidInput."""
    version = max(prompt.versions.all(), key=lambda each: each.number)
    return render(version.text, checked_values(version.variables, values) | given_values(person))
