"""Papers as files to keep: PDF, Word, Markdown."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore

from django.utils.translation import gettext as _

from apps.core.errors import TooLarge, Unavailable
from apps.core.paper import Paper, TooLong, as_docx, as_pdf


@dataclass(frozen=True)
class File:
    """A file to send: its name is ASCII."""

    name: str
    media_type: str
    data: bytes


def _markdown(paper: Paper) -> bytes:
    facts = "\n".join(f"- **{name}**: {value}" for name, value in paper.facts)
    cited = "\n".join(
        f"{source.number}. {', '.join(filter(None, (source.document, source.place)))}" for source in paper.sources
    )
    parts = [f"# {paper.title}", facts, paper.text, f"## {paper.words.sources}\n\n{cited}" if cited else ""]
    return "\n\n".join(filter(None, parts)).encode() + b"\n"


KINDS: dict[str, tuple[str, Callable[[Paper], bytes]]] = {
    "pdf": ("application/pdf", as_pdf),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", as_docx),
    "md": ("text/markdown; charset=utf-8", _markdown),
}
_drawing, PATIENCE_S = BoundedSemaphore(2), 30.0
"""Long ones take seconds and hundreds of megabytes, in the process that serves pages."""


def saved_as(kind: str, name: str, paper: Paper) -> File:
    """Return a paper as a file of one of KINDS. Raises TooLarge, Unavailable."""
    media_type, draw = KINDS[kind]
    if not _drawing.acquire(timeout=PATIENCE_S):
        raise Unavailable(_("Others save long results just now. Try again in a moment."), retry_after_s=10)
    try:
        return File(name, media_type, draw(paper))
    except TooLong as error:
        raise TooLarge(_("This is too long for a document. Save it as JSON, or read it here.")) from error
    finally:
        _drawing.release()
