"""A file becomes a document: judged, stored once, and queued to be read. Who may do so is the caller's to know."""

import hashlib
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInput, TooLarge, Unavailable
from apps.core.storage import is_full
from apps.jobs import services as jobs
from apps.jobs.types import DOCUMENTS
from apps.knowledge.errors import UnreadableDocument
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.parsers import sniff
from apps.knowledge.types import INGEST

HEAD_BYTES = 4096


def store_document(
    *,
    knowledge_base: KnowledgeBase,
    upload: UploadedFile,
    tags: Sequence[str] = (),
    by: Any = None,
    name: str = "",
    is_owed: bool = False,
) -> tuple[Document, bool]:
    """Store a file, called `name` where that is given, and have it read; the same bytes give the document that stands, and False.

    `is_owed`: it waits for its reading however many do. Raises InvalidInput (empty, wrong type), TooLarge, Unavailable.
    """
    own_name, kind = checked_file(upload)
    digest = _digest(upload)
    known = Document.objects.filter(knowledge_base=knowledge_base, content_hash=digest).first()
    if known:
        return known, False
    document = Document(
        knowledge_base=knowledge_base,
        name=name or own_name,
        content_hash=digest,
        size_bytes=upload.size or 0,
        kind=kind,
        tags=list(tags),
        uploaded_by=by,
    )
    store_file(document, upload)
    jobs.enqueue(kind=INGEST, queue=DOCUMENTS, object_id=document.pk, dedupe_key=str(document.pk), is_owed=is_owed)
    return document, True


def checked_file(upload: UploadedFile, *, in_form: bool = False) -> tuple[str, str]:
    """Return the name and the kind of a file that can be read here; a form takes archives too. Raises InvalidInput (empty, wrong type), TooLarge."""
    name = file_name(upload.name or "")
    if (upload.size or 0) > settings.MAX_DOCUMENT_BYTES:
        raise too_large(name)
    try:
        return name, sniff(name, upload.read(HEAD_BYTES), in_form=in_form)
    except UnreadableDocument as error:
        raise InvalidInput(f"{name}: {error.sentence}", field="file", code=error.code) from error


def file_name(name: str) -> str:
    """Return what a file is called, without the folders that some browsers and clients send."""
    return PurePath(name.replace("\\", "/")).name.replace("\0", "")[:255]


def too_large(name: str) -> TooLarge:
    limit = settings.MAX_DOCUMENT_BYTES // 1_000_000
    return TooLarge(_("“%(name)s” is larger than %(limit)d MB.") % {"name": name, "limit": limit}, field="file")


def _digest(upload: UploadedFile) -> str:
    upload.seek(0)
    digest = hashlib.sha256()
    for part in upload.chunks():
        digest.update(part)
    upload.seek(0)
    return digest.hexdigest()


def store_file(row: Any, upload: UploadedFile) -> None:
    """Store a row that has a `name`, with its `file`. Raises Unavailable when the disk is full; nothing is left then."""
    upload.seek(0)
    try:
        row.file.save(row.name, upload, save=False)
        row.save(force_insert=True)
    except OSError as error:
        row.file.storage.delete(row.file.field.generate_filename(row, row.name))
        if is_full(error):
            raise no_room() from error
        raise


def no_room() -> Unavailable:
    return Unavailable(_("The disk is full. Your administrator has to make room."), retry_after_s=600)
