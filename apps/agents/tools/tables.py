"""The tool that asks the tables of the organisation's documents, in SQL, with the rights of the person who asked."""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy

from apps.agents.tools.base import Tool, ToolContext, ToolFailed, ToolResult
from apps.agents.tools.knowledge import collections_of
from apps.knowledge.errors import UnreadableDocument
from apps.knowledge.models import Document
from apps.knowledge.parsers import TABULAR, ask_table
from apps.providers.types import ToolSpec

MOST_NAMED = 30
SPEC = ToolSpec(
    name="query_table",
    description=(
        "Reckon over a table (CSV or Excel) among the organisation's documents. Without `sql` it says which tables a"
        " document has, with their columns and first rows; with `sql`, one SELECT of SQLite over those tables, it gives the"
        " rows. Reckon in SQL, not by yourself, and name the document in your answer."
    ),
    parameters={
        "type": "object",
        "properties": {
            "document": {"type": "string", "maxLength": 255, "description": "The name of the document."},
            "sql": {"type": "string", "maxLength": 4000, "description": "One SELECT; empty: which tables there are."},
        },
        "required": ["document"],
        "additionalProperties": False,
    },
)


def _call(context: ToolContext, arguments: dict[str, Any]) -> ToolResult:
    document = _document(context, arguments["document"])
    try:
        answer = ask_table(Path(document.file.path), document.kind, arguments.get("sql", "").strip())
    except UnreadableDocument as error:
        raise ToolFailed(error.sentence) from error
    if "refused" in answer:
        raise ToolFailed(f"The query was refused: {answer['refused']}. One SELECT over the tables of the document.")
    return ToolResult({"document": document.name, **answer})


def _document(context: ToolContext, name: str) -> Document:
    """Return a table of that name, the newest, from what the agent searches for this person. Raises ToolFailed, naming those there are."""
    inside = Document.objects.filter(
        knowledge_base__in=collections_of(context), state=Document.State.READY, kind__in=TABULAR
    )
    found = inside.filter(name__iexact=name.strip()).order_by("-created_at").first()
    if found is None:
        names = list(inside.order_by("name").values_list("name", flat=True).distinct()[:MOST_NAMED])
        there = f"There are: {', '.join(names)}." if names else "There are none."
        raise ToolFailed(f"There is no table of that name. {there}")
    return found


QUERY_TABLE = Tool(
    SPEC,
    _call,
    title=gettext_lazy("Ask tables"),
    summary=gettext_lazy("Adds up, counts and filters the CSV and Excel files of its collections."),
    icon="file-spreadsheet",
    brings=frozenset({"untrusted", "private"}),
    timeout_s=35.0,
)
