"""What can be done with documents: upload, paste, tag, read again, delete."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from apps.core.language import one_line
from apps.core.permissions import require
from apps.jobs import services as jobs
from apps.jobs.types import DOCUMENTS
from apps.knowledge import actions
from apps.knowledge.errors import UnreadableDocument
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.parsers import draw_page
from apps.knowledge.search import SEARCHES
from apps.knowledge.services.collections import require_editable
from apps.knowledge.storing import store_document
from apps.knowledge.types import INGEST

MAX_TAGS, MAX_TAG_CHARS = 20, 40


@transaction.atomic
def upload_document(
    *, actor: Any, knowledge_base: KnowledgeBase, upload: UploadedFile, tags: Sequence[str] = ()
) -> tuple[Document, bool]:
    """Store a file and have it read in the background; the same bytes give the document that stands, and False.

    Raises Forbidden, InvalidInput (empty, wrong type), TooLarge, Unavailable when the disk is full.
    """
    require_editable(actor, knowledge_base)
    document, is_new = store_document(
        knowledge_base=knowledge_base,
        upload=upload,
        tags=checked_tags(tags),
        by=actor if actor is not None and actor.pk else None,
    )
    if not is_new:
        return document, False
    after = {"name": document.name, "size_bytes": document.size_bytes}
    record(actions.DOCUMENT_UPLOADED, actor=actor, target=document, after=after)
    return document, True


def paste_document(
    *, actor: Any, knowledge_base: KnowledgeBase, name: str, text: str, tags: Sequence[str] = ()
) -> tuple[Document, bool]:
    """Store a text that somebody wrote or pasted as a Markdown document, as upload_document() does with a file.

    Raises Forbidden, InvalidInput at `name` or `text`, TooLarge, Unavailable.
    """
    title = one_line(PurePath(name.replace("\\", "/")).name, 200).removesuffix(".md")
    text = text.replace("\0", "").strip()
    if not title:
        raise InvalidInput(_("Give the document a name."), field="name")
    if not text:
        raise InvalidInput(_("Paste or write the text first."), field="text")
    upload = SimpleUploadedFile(f"{title}.md", f"{text}\n".encode())
    return upload_document(actor=actor, knowledge_base=knowledge_base, upload=upload, tags=tags)


@transaction.atomic
def retry_document(*, actor: Any, document: Document) -> None:
    """Read a failed document again. Raises Forbidden, Conflict when it did not fail."""
    require_own(actor, document, "knowledge.change_document")
    changed = Document.objects.filter(pk=document.pk, state=Document.State.FAILED).update(
        state=Document.State.UPLOADED, progress=0, error="", failed_at=""
    )
    if not changed:
        raise Conflict(_("Only a document that could not be read can be tried again."))
    jobs.enqueue(kind=INGEST, queue=DOCUMENTS, object_id=document.pk, dedupe_key=str(document.pk))
    record(actions.DOCUMENT_RETRIED, actor=actor, target=document)


@transaction.atomic
def read_again(*, actor: Any, document: Document) -> None:
    """Read a searchable document anew from its file; until that is done it is found as before. Changed passages become what the file says.

    Raises Forbidden, Conflict while it is being read.
    """
    require_own(actor, document, "knowledge.change_document")
    changed = Document.objects.filter(pk=document.pk, state=Document.State.READY).update(
        state=Document.State.UPLOADED, progress=0
    )
    if not changed:
        raise Conflict(_("The document is being read already."))
    jobs.enqueue(kind=INGEST, queue=DOCUMENTS, object_id=document.pk, dedupe_key=str(document.pk))
    record(actions.DOCUMENT_READ_AGAIN, actor=actor, target=document)


@transaction.atomic
def tag_document(*, actor: Any, document: Document, tags: Sequence[str]) -> None:
    """Give a document these tags instead of its former ones. Raises Forbidden, InvalidInput for too many or too long ones."""
    require_own(actor, document, "knowledge.change_document")
    wanted = checked_tags(tags)
    if wanted == document.tags:
        return
    record(
        actions.DOCUMENT_TAGGED, actor=actor, target=document, before={"tags": document.tags}, after={"tags": wanted}
    )
    SEARCHES.forget()
    document.tags = wanted
    document.save(update_fields=["tags", "updated_at"])


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return tags in lower case, each once, in order. Raises InvalidInput for more than 20 or longer than 40."""
    words = (" ".join(tag.replace("\0", "").lower().split()) for tag in tags)
    wanted = sorted({word for word in words if word})
    if len(wanted) > MAX_TAGS or any(len(tag) > MAX_TAG_CHARS for tag in wanted):
        message = _("At most %(count)d tags of %(length)d characters.")
        raise InvalidInput(message % {"count": MAX_TAGS, "length": MAX_TAG_CHARS}, field="tags")
    return wanted


@transaction.atomic
def delete_document(*, actor: Any, document: Document) -> None:
    """Delete a document with its passages and file; a reading on its way ends. Raises Forbidden."""
    require_own(actor, document, "knowledge.delete_document")
    jobs.cancel(object_id=document.pk, kind=INGEST)
    record(actions.DOCUMENT_DELETED, actor=actor, target=document, before={"name": document.name})
    document.delete()


def page_picture(document: Document, number: int, chunk: UUID | None = None) -> bytes:
    """Return a page of a PDF (from 1) as PNG, with one of the document's passages marked.

    Raises NotFound for other kinds, a page or passage that is not there, or a file that can be opened no more.
    """
    if document.kind != "pdf":
        raise NotFound(_("There is no picture of this page."))
    text = document.chunks.filter(pk=chunk).values_list("text", flat=True).first() if chunk else ""
    if text is None:
        raise NotFound(_("There is no such passage any more."))
    try:
        return draw_page(Path(document.file.path), number, text)
    except (UnreadableDocument, FileNotFoundError) as error:
        raise NotFound(_("There is no picture of this page.")) from error


def may_change(user: Any, document: Document) -> bool:
    """Say whether somebody may change a document, its tags and its passages."""
    try:
        require_own(user, document, "knowledge.change_document")
    except Forbidden:
        return False
    return True


def require_own(actor: Any, document: Document, permission: str) -> None:
    """Whoever may add to a collection looks after what they uploaded, and with the permission after everybody's."""
    if actor is None or KnowledgeBase.objects.manageable_by(actor).filter(pk=document.knowledge_base_id).exists():
        return
    require_editable(actor, document.knowledge_base)
    if document.uploaded_by_id != actor.pk:
        require(actor, permission)
