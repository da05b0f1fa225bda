"""What kind of file this is, by its content first and its name second."""

from pathlib import PurePath

from django.utils.translation import gettext as _

from apps.knowledge.errors import UnreadableDocument

BY_SUFFIX = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".log": "text",
    ".html": "html",
    ".htm": "html",
}
ACCEPTED = ",".join(sorted(BY_SUFFIX))
TEXTUAL = frozenset({"markdown", "text", "html"})


def sniff(name: str, head: bytes) -> str:
    """Return the kind from a name and the first bytes. Raises UnreadableDocument when they contradict each other."""
    kind = BY_SUFFIX.get(PurePath(name).suffix.lower())
    if kind is None:
        raise UnreadableDocument(
            "unsupported", _("This type of file is not supported. Use PDF, Word, Markdown, HTML or text.")
        )
    if not head:
        raise UnreadableDocument("empty", _("The file is empty."))
    if b"%PDF-" in head[:1024]:
        found = "pdf"
    elif head.startswith(b"PK\x03\x04"):
        found = "docx"
    elif kind in TEXTUAL and b"\0" not in head and not head.startswith(b"\x7fELF"):
        found = kind
    else:
        found = ""
    if found != kind:
        raise UnreadableDocument(
            "mismatch", _("The content of the file does not fit its name. Export it again and upload that.")
        )
    return kind
