"""Files that come in by parts: begun, gone on with where they broke off, turned into documents when they are whole."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound, TooLarge, TooManyRequests
from apps.core.storage import is_full
from apps.core.tenancy import has_tenant
from apps.knowledge.models import Document, KnowledgeBase, Upload
from apps.knowledge.models.uploads import KEPT_FOR
from apps.knowledge.services.collections import require_editable
from apps.knowledge.services.documents import checked_tags, upload_document
from apps.knowledge.storing import HEAD_BYTES, checked_file, file_name, no_room, too_large

MOST_UNFINISHED = 500


class _Whole(UploadedFile):
    """A file that is on the storage's disk already: storing it moves it, nothing is copied."""

    file: BinaryIO

    def temporary_file_path(self) -> str:
        return self.file.name


def begin_upload(
    *, actor: Any, knowledge_base: KnowledgeBase, name: str, size_bytes: int, tags: Sequence[str] = ()
) -> Upload:
    """Begin a file that comes in by parts. Raises Forbidden, InvalidInput, TooLarge, TooManyRequests (unfinished ones)."""
    require_editable(actor, knowledge_base)
    name = file_name(name)
    if not name:
        raise InvalidInput(_("Give the document a name."), field="name")
    if size_bytes < 1:
        raise InvalidInput(f"{name}: " + _("The file is empty."), field="file", code="empty")
    if size_bytes > settings.MAX_DOCUMENT_BYTES:
        raise too_large(name)
    if Upload.objects.filter(uploaded_by=actor).count() >= MOST_UNFINISHED:
        raise TooManyRequests(_("Too many of your uploads are unfinished. Finish or cancel some."), retry_after_s=60)
    tags = checked_tags(tags)
    return Upload.objects.create(
        knowledge_base=knowledge_base, name=name, size_bytes=size_bytes, tags=tags, uploaded_by=actor
    )


def append(*, actor: Any, upload_id: UUID, offset: int, parts: Iterable[bytes]) -> tuple[Upload, Document | None]:
    """Add bytes at `offset`, which is how much has come in; the last ones make a document of it.

    Raises NotFound, Conflict at another offset, TooLarge beyond the announced size, Unavailable when the disk is full; and
    what upload_document() raises, after which the upload is gone.
    """
    refused: DomainError | None = None
    document = None
    with transaction.atomic():
        upload = Upload.objects.select_for_update().filter(pk=upload_id, uploaded_by=actor).first()
        if upload is None:
            raise NotFound(_("This upload is over, or never was. Begin it again."))
        if offset != upload.received_bytes:
            message = _("%(count)d bytes have come in: go on there.") % {"count": upload.received_bytes}
            raise Conflict(message, field="offset", code="other_offset")
        upload.received_bytes = _write(upload, parts)
        upload.save(update_fields=["received_bytes", "updated_at"])
        try:
            _check_beginning(upload, offset)
            document = _finish(actor, upload) if upload.received_bytes == upload.size_bytes else None
        except (Forbidden, InvalidInput, TooLarge) as error:
            refused = error
        if document or refused:
            upload.delete()
    if refused:
        raise refused
    return upload, document


def _write(upload: Upload, parts: Iterable[bytes]) -> int:
    """Write at the end of what has come in and return how much that is now; of parts that do not fit nothing stays."""
    end = upload.received_bytes
    upload.path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(upload.path, os.O_RDWR | os.O_CREAT, 0o640)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        if file.seek(0, os.SEEK_END) < end:
            raise NotFound(_("This upload is over, or never was. Begin it again."))
        file.truncate(end)
        file.seek(end)
        try:
            for part in parts:
                end += len(part)
                if end > upload.size_bytes:
                    raise TooLarge(_("More came in than was announced."), field="file")
                rest = memoryview(part)
                while rest:
                    rest = rest[file.write(rest) :]
        except OSError as error:
            if is_full(error):
                raise no_room() from error
            raise
    return end


def _check_beginning(upload: Upload, offset: int) -> None:
    """Refuse a file of a wrong kind as soon as its first bytes are there. Raises InvalidInput."""
    if offset < HEAD_BYTES <= upload.received_bytes:
        with upload.path.open("rb") as file:
            checked_file(UploadedFile(file, upload.name, size=upload.size_bytes))


def _finish(actor: Any, upload: Upload) -> Document:
    with upload.path.open("rb") as file:
        whole = _Whole(file, upload.name, size=upload.size_bytes)
        document, _is_new = upload_document(
            actor=actor, knowledge_base=upload.knowledge_base, upload=whole, tags=upload.tags
        )
    return document


def abandon(*, actor: Any, upload_id: UUID) -> None:
    """Forget an upload and what has come in of it. Raises NotFound."""
    for upload in Upload.objects.filter(pk=upload_id, uploaded_by=actor):
        upload.delete()
        return
    raise NotFound(_("This upload is over, or never was. Begin it again."))


def forget_unfinished() -> int:
    """Remove uploads that nobody went on with for a day; return how many."""
    if not has_tenant():
        return 0
    forgotten = Upload.objects.filter(updated_at__lt=timezone.now() - KEPT_FOR)
    return len([upload.delete() for upload in forgotten])
