"""The tool that works on files with real Python: its packages and documents of the organisation, where nothing else can be reached."""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy

from apps.agents import places
from apps.agents.sandbox import scripts
from apps.agents.sandbox.base import MOST_CODE_BYTES, Script
from apps.agents.tools.base import Tool, ToolContext, ToolFailed, ToolResult
from apps.agents.tools.knowledge import collections_of
from apps.knowledge.models import Document
from apps.providers.types import ToolSpec

MOST_FILES = 10
MAIN = "main.py"
SPEC = ToolSpec(
    name="work_on_files",
    description=(
        "Run a Python script over documents of the organisation. They lie in its folder under the names that you give (_ for /); the"
        " result is what it prints. numpy, openpyxl, python-docx and python-pptx are installed. There is no network; 20"
        " seconds, 768 MB; files that it writes are gone afterwards. To look into tables, query_table is simpler where you have it."
    ),
    parameters={
        "type": "object",
        "properties": {
            "code": {"type": "string", "minLength": 1, "maxLength": MOST_CODE_BYTES},
            "documents": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 255},
                "maxItems": MOST_FILES,
                "description": "The names of the documents that it reads.",
            },
        },
        "required": ["code"],
        "additionalProperties": False,
    },
)


def _call(context: ToolContext, arguments: dict[str, Any]) -> ToolResult:
    files = {_place(name): _read(context, name) for name in arguments.get("documents", [])}
    script = Script({**files, MAIN: arguments["code"].encode()}, (MAIN,))
    ended = scripts.run(places.here(), script)
    told: dict[str, Any] = {"printed": ended.output}
    return ToolResult(told if ended.status == 0 else told | {"error": f"The script ended with status {ended.status}."})


def _place(name: str) -> str:
    """Return where a document lies in the script's folder. Raises ToolFailed for the script's own name and for a way elsewhere."""
    place = name.replace("/", "_")
    if place in (MAIN, ".", ".."):
        raise ToolFailed(f"A document of the name {name} cannot be laid into the folder.")
    return place


def _read(context: ToolContext, name: str) -> bytes:
    """Return a document of that name, the newest, from what the agent searches for this person. Raises ToolFailed."""
    inside = Document.objects.filter(knowledge_base__in=collections_of(context), state=Document.State.READY)
    found = inside.filter(name=name).order_by("-created_at").first()
    if found is None:
        raise ToolFailed(
            f"There is no document named {name}. Search for it first, and give its name as it is written there."
        )
    return Path(found.file.path).read_bytes()


WORK_ON_FILES = Tool(
    SPEC,
    _call,
    title=gettext_lazy("Python with files"),
    summary=gettext_lazy(
        "Writes scripts that work through documents of its collections. They run where nothing else can be reached."
    ),
    icon="file-text",
    brings=frozenset({"untrusted", "private"}),
    timeout_s=scripts.USUAL.seconds + scripts.GRACE_S,
    wants_scripts=True,
)
