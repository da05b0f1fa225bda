"""E-mail: who wrote to whom, when and about what, the text, and what was attached, as far as it can be read."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib import import_module
from io import BytesIO
from pathlib import PurePath
from typing import Any
from zipfile import ZipFile

from outline import Outline

SHOWN = ("From", "To", "Cc", "Date", "Subject")
ATTACHED = {
    ".pdf": ("pdf", "pdf"),
    ".docx": ("word", "docx"),
    ".xlsx": ("spreadsheet", "xlsx"),
    ".csv": ("spreadsheet", "csv"),
    ".pptx": ("slides", "pptx"),
    ".json": ("records", "json"),
    ".xml": ("markup", "xml"),
    ".md": ("plain", "markdown"),
    ".txt": ("plain", "text"),
    ".html": ("web", "html"),
    ".htm": ("web", "html"),
}
ARCHIVES = ("docx", "xlsx", "pptx")
MAX_DEPTH, MAX_UNPACKED_BYTES = 3, 50 << 20


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    message = message_from_bytes(data, policy=policy.default)
    return _blocks(message, 1)


def _blocks(message: EmailMessage, depth: int) -> list[dict[str, Any]]:
    outline = Outline()
    outline.heading(1, str(message.get("Subject", "") or ""))
    outline.add("\n".join(f"{name}: {message[name]}" for name in SHOWN if message[name]))
    body = message.get_body(preferencelist=("plain", "html"))
    found = outline.blocks
    if body is not None:
        module, part_kind = ("web", "html") if body.get_content_subtype() == "html" else ("plain", "text")
        text = body.get_content()
        found += _under(str(message.get("Subject", "") or ""), import_module(module).read(text.encode(), part_kind))
    for part in message.iter_attachments():
        found += _attached(part, depth)
    return found


def _attached(part: Any, depth: int) -> list[dict[str, Any]]:
    """Read an attachment; one of a kind that is not read, or that is broken, is named."""
    name = part.get_filename() or ""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_content()
        return _blocks(inner, depth + 1) if depth < MAX_DEPTH else []
    module, kind = ATTACHED.get(PurePath(name).suffix.lower(), ("", ""))
    try:
        content = part.get_content()
        data = content.encode() if isinstance(content, str) else content
        if kind in ARCHIVES and _unpacked_bytes(data) > MAX_UNPACKED_BYTES:
            module = ""
        blocks = import_module(module).read(data, kind) if module else []
    except MemoryError:
        raise
    except Exception:
        blocks = []
    if not blocks and name:
        outline = Outline()
        outline.heading(1, name)
        outline.add(f"({name})")
        return outline.blocks
    return _under(name, blocks)


def _unpacked_bytes(data: bytes) -> int:
    with ZipFile(BytesIO(data)) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _under(title: str, blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put blocks under a heading."""
    head = [" ".join(title.split())[:160]] if title else []
    return [{**block, "headings": [*head, *block["headings"]]} for block in blocks]
