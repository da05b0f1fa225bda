"""The tool that searches the collections of the agent, and of the project that it works in, with the rights of the person who asked."""

from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy

from apps.agents.tools.base import Tool, ToolContext, ToolResult
from apps.agents.types import Source
from apps.knowledge.models import KnowledgeBase
from apps.knowledge.search import search
from apps.knowledge.types import Filters, Hit
from apps.providers.types import ToolSpec

PASSAGES = 6
SPEC = ToolSpec(
    name="search_knowledge",
    description=(
        "Search the organisation's documents. Returns numbered passages. Cite a passage that you use by its number"
        " in square brackets, like [1], right after the claim."
    ),
    parameters={
        "type": "object",
        "properties": {
            "query": {"type": "string", "minLength": 1, "maxLength": 2000},
            "tags": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Only documents with all these tags.",
            },
            "since": {"type": "string", "format": "date", "description": "Only documents from this day on."},
            "until": {"type": "string", "format": "date", "description": "Only documents up to this day."},
            "language": {
                "type": "string",
                "maxLength": 20,
                "description": "Only documents in this language, by its ISO 639-1 code like en.",
            },
        },
        "required": ["query"],
        "additionalProperties": False,
    },
)


def collections_of(context: ToolContext) -> Any:
    """Return the collections of the agent and the project that the person sees."""
    inside = Q(pk__in=context.agent.knowledge_bases.values("pk"))
    if context.project is not None:
        inside |= Q(pk__in=context.project.knowledge_bases.values("pk"))
    return KnowledgeBase.objects.visible_to(context.user).filter(inside)


def _call(context: ToolContext, arguments: dict[str, Any]) -> ToolResult:
    allowed = collections_of(context)
    hits = search(arguments["query"], list(allowed), filters=_filters(arguments), limit=PASSAGES)
    sources = _numbered(hits, context.known_sources)
    passages = [
        {
            "number": source.number,
            "document": source.document,
            "heading": source.heading,
            "page": source.page,
            "text": source.text,
            "score": source.score,
        }
        for source in sources
    ]
    return ToolResult({"passages": passages, "searched": [base.name for base in allowed]}, sources)


def _filters(arguments: dict[str, Any]) -> Filters:
    tags = tuple(str(tag).lower() for tag in arguments.get("tags", ()))
    since, until = _day(arguments.get("since")), _day(arguments.get("until"))
    language = str(arguments.get("language", "")).lower()
    return Filters(tags=tags, since=since, until=until, language=language if len(language) == 2 else "")


def _day(text: str | None) -> date | None:
    """Read a day as the model wrote it; one that is none does not narrow the search."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _numbered(hits: list[Hit], known: tuple[Source, ...]) -> tuple[Source, ...]:
    """Give each passage its number in the run; one that was seen keeps the number it has."""
    numbers = {source.chunk_id: source.number for source in known}
    sources = []
    for hit in hits:
        number = numbers.setdefault(str(hit.chunk_id), len(numbers) + 1)
        sources.append(
            Source(
                number,
                str(hit.chunk_id),
                str(hit.document_id),
                hit.document,
                hit.text,
                hit.heading,
                hit.page,
                hit.score,
            )
        )
    return tuple(sources)


SEARCH_KNOWLEDGE = Tool(
    SPEC,
    _call,
    title=gettext_lazy("Search in the documents"),
    summary=gettext_lazy("Comes with the agent's collections."),
    icon="book-open",
    calls_a_minute=300,
    brings=frozenset({"untrusted", "private"}),
)
