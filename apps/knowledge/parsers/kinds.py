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
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".xml": "xml",
    ".eml": "mail",
    ".xlsx": "xlsx",
    ".pptx": "pptx",
    ".png": "image",
    ".jpg": "image",
    ".jpeg": "image",
    ".tif": "image",
    ".tiff": "image",
    ".webp": "image",
}
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
OF_FOLDERS = frozenset(suffix for suffix, kind in BY_SUFFIX.items() if kind != "image")
"""What is taken over from a folder of a repository or storage: pictures there are logos and drawings, seldom scans."""
ACCEPTED = ",".join(sorted(BY_SUFFIX))
CODE_SUFFIXES = frozenset({".py", ".pyi", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".java", ".go"})
"""Suffixes of the languages whose syntax is read (formats/code_outline.py)."""
TEXTUAL = frozenset({"markdown", "text", "html", "csv", "json", "xml", "mail"})
PACKED = {".zip": "archive"}
"""Archives of files, which forms take besides."""
ACCEPTED_IN_FORMS = ",".join(sorted(BY_SUFFIX | PACKED))
ARCHIVES = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml", "archive": ""}
"""Kinds that are archives, and the member without which they are none."""
TABULAR = frozenset({"csv", "xlsx"})
"""Kinds whose tables can be asked."""
STRUCTURED = frozenset({"xml", "pdf"})
"""Kinds that are, or can carry, XML."""


def sniff(name: str, head: bytes, *, in_form: bool = False) -> str:
    """Return the kind from a name and the first bytes; a form takes archives too. Raises UnreadableDocument when they contradict each other."""
    kind = (BY_SUFFIX | PACKED if in_form else BY_SUFFIX).get(PurePath(name).suffix.lower())
    if kind is None:
        raise UnreadableDocument(
            "unsupported",
            _(
                "This type of file is not supported. Use PDF, Word, Excel, PowerPoint, CSV, JSON, XML, e-mail, Markdown, HTML, text or a picture of a page."
            ),
        )
    if not head:
        raise UnreadableDocument("empty", _("The file is empty."))
    if b"%PDF-" in head[:1024] and kind != "mail":
        found = "pdf"
    elif head.startswith(b"PK\x03\x04"):
        found = kind if kind in ARCHIVES else ""
    elif head.startswith(PICTURES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        found = "image"
    elif kind in TEXTUAL and b"\0" not in head and not head.startswith(b"\x7fELF"):
        found = kind
    else:
        found = ""
    if found != kind:
        raise UnreadableDocument(
            "mismatch", _("The content of the file does not fit its name. Export it again and upload that.")
        )
    return kind
