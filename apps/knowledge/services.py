"""What can be done with collections and documents."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services.sharing import give_to_maker, may_manage
from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput, TooLarge, Unavailable
from apps.core.language import one_line
from apps.core.permissions import require
from apps.jobs import services as jobs
from apps.jobs.types import DOCUMENTS
from apps.knowledge import actions
from apps.knowledge.errors import UnreadableDocument
from apps.knowledge.ingestion import INGEST
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.moving import MOVE
from apps.knowledge.parsers import sniff
from apps.knowledge.search import SEARCHES, search
from apps.knowledge.types import NO_FILTERS, Filters, Hit
from apps.providers.models import ProviderModel

HEAD_BYTES = 4096
NO_SPACE = 28
MAX_TAGS, MAX_TAG_CHARS = 20, 40


@transaction.atomic
def create_collection(*, actor: Any, name: str, description: str = "") -> KnowledgeBase:
    """Create a collection. Raises Forbidden, InvalidInput for a name that is empty or taken."""
    require(actor, "knowledge.add_knowledgebase")
    name = name.replace("\0", "").strip()
    if not name:
        raise InvalidInput(_("Give the collection a name."), field="name")
    if KnowledgeBase.objects.filter(name__iexact=name).exists():
        raise InvalidInput(_("There is a collection with this name."), field="name")
    base = KnowledgeBase.objects.create(name=name[:120], description=description.strip()[:300])
    give_to_maker(shared=base, maker=actor)
    record(actions.COLLECTION_CREATED, actor=actor, target=base)
    return base


@transaction.atomic
def choose_model(*, actor: Any, knowledge_base: KnowledgeBase, model: ProviderModel | None) -> None:
    """Have a collection found by meaning with another model; None is the built-in one. Its passages are embedded in the background.

    Raises Forbidden, InvalidInput for a model that makes no vectors, Conflict while the collection is moving already.
    """
    require_manager(actor, knowledge_base)
    if model is not None and (model.purpose != ProviderModel.Purpose.EMBEDDING or not model.dimensions):
        raise InvalidInput(_("Choose a model for embeddings."), field="model")
    base = KnowledgeBase.objects.select_for_update().get(pk=knowledge_base.pk)
    if base.is_moving:
        raise Conflict(_("The collection is changing its model already."))
    chosen = model.pk if model else None
    if base.embedding_model_id == chosen:
        return
    KnowledgeBase.objects.filter(pk=base.pk).update(
        next_model_id=chosen, is_moving=True, moved_percent=0, move_error=""
    )
    jobs.enqueue(kind=MOVE, queue=DOCUMENTS, object_id=base.pk, dedupe_key=f"{MOVE}:{base.pk}")
    names = ("built-in" if not base.embedding_model_id else str(base.embedding_model), str(model or "built-in"))
    record(actions.COLLECTION_MOVED, actor=actor, target=base, before={"model": names[0]}, after={"model": names[1]})


@transaction.atomic
def stop_moving(*, actor: Any, knowledge_base: KnowledgeBase) -> None:
    """Leave a collection with the model that it has; what was embedded with the other one goes. Raises Forbidden, Conflict."""
    require_manager(actor, knowledge_base)
    if not jobs.cancel(object_id=knowledge_base.pk, kind=MOVE):
        raise Conflict(_("The collection is not changing its model."))
    record(actions.COLLECTION_MOVE_STOPPED, actor=actor, target=knowledge_base)


def require_manager(actor: Any, base: KnowledgeBase) -> None:
    """Raise Forbidden unless the actor manages the collection."""
    if not may_manage(actor, base):
        raise Forbidden(_("Only those who manage this collection choose its model."))


@transaction.atomic
def upload_document(
    *, actor: Any, knowledge_base: KnowledgeBase, upload: UploadedFile, tags: Sequence[str] = ()
) -> tuple[Document, bool]:
    """Store a file and have it read in the background; the same bytes give the document that stands, and False.

    Raises Forbidden, InvalidInput (empty, wrong type), TooLarge, Unavailable when the disk is full.
    """
    require_editable(actor, knowledge_base)
    name, kind = checked_file(upload)
    digest = _digest(upload)
    known = Document.objects.filter(knowledge_base=knowledge_base, content_hash=digest).first()
    if known:
        return known, False
    document = Document(
        knowledge_base=knowledge_base,
        name=name,
        content_hash=digest,
        size_bytes=upload.size or 0,
        kind=kind,
        tags=checked_tags(tags),
        uploaded_by=actor if actor is not None and actor.pk else None,
    )
    store_file(document, upload)
    jobs.enqueue(kind=INGEST, queue=DOCUMENTS, object_id=document.pk, dedupe_key=str(document.pk))
    after = {"name": name, "size_bytes": document.size_bytes}
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


def checked_file(upload: UploadedFile) -> tuple[str, str]:
    """Return the name and the kind of a file that can be read here. Raises InvalidInput (empty, wrong type), TooLarge."""
    name = PurePath((upload.name or "").replace("\\", "/")).name.replace("\0", "")[:255]
    if (upload.size or 0) > settings.MAX_DOCUMENT_BYTES:
        limit = settings.MAX_DOCUMENT_BYTES // 1_000_000
        raise TooLarge(_("“%(name)s” is larger than %(limit)d MB.") % {"name": name, "limit": limit}, field="file")
    try:
        return name, sniff(name, upload.read(HEAD_BYTES))
    except UnreadableDocument as error:
        raise InvalidInput(f"{name}: {error.sentence}", field="file", code=error.code) from error


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
        if row.file.name:
            row.file.storage.delete(row.file.name)
        if error.errno == NO_SPACE:
            raise Unavailable(_("The disk is full. Your administrator has to make room."), retry_after_s=600) from error
        raise


@transaction.atomic
def retry_document(*, actor: Any, document: Document) -> None:
    """Read a failed document again. Raises Forbidden, Conflict when it did not fail."""
    _require_own(actor, document, "knowledge.change_document")
    changed = Document.objects.filter(pk=document.pk, state=Document.State.FAILED).update(
        state=Document.State.UPLOADED, progress=0, error="", failed_at=""
    )
    if not changed:
        raise Conflict(_("Only a document that could not be read can be tried again."))
    jobs.enqueue(kind=INGEST, queue=DOCUMENTS, object_id=document.pk, dedupe_key=str(document.pk))
    record(actions.DOCUMENT_RETRIED, actor=actor, target=document)


@transaction.atomic
def tag_document(*, actor: Any, document: Document, tags: Sequence[str]) -> None:
    """Give a document these tags instead of its former ones. Raises Forbidden, InvalidInput for too many or too long ones."""
    _require_own(actor, document, "knowledge.change_document")
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
    _require_own(actor, document, "knowledge.delete_document")
    jobs.cancel(object_id=document.pk, kind=INGEST)
    record(actions.DOCUMENT_DELETED, actor=actor, target=document, before={"name": document.name})
    document.delete()


def _require_own(actor: Any, document: Document, permission: str) -> None:
    """Whoever may add to a collection looks after what they uploaded, and with the permission after everybody's."""
    if actor is None or KnowledgeBase.objects.manageable_by(actor).filter(pk=document.knowledge_base_id).exists():
        return
    require_editable(actor, document.knowledge_base)
    if document.uploaded_by_id != actor.pk:
        require(actor, permission)


def require_editable(actor: Any, base: KnowledgeBase) -> None:
    """Raise Forbidden unless the actor may add to the collection."""
    if actor is not None and not KnowledgeBase.objects.editable_by(actor).filter(pk=base.pk).exists():
        raise Forbidden(_("You may not do this. Your administrator can give you access."))


def search_documents(
    *,
    actor: Any,
    query: str,
    bases: Sequence[KnowledgeBase] | None = None,
    filters: Filters = NO_FILTERS,
    limit: int = 8,
) -> list[Hit]:
    """Search what a person may see, in all collections or some, in all documents or those that fit the filters.

    Raises InvalidInput for an empty query.
    """
    if not query.strip():
        raise InvalidInput(_("Write what you are looking for."), field="query")
    visible = KnowledgeBase.objects.visible_to(actor)
    if bases is not None:
        visible = visible.filter(pk__in=[base.pk for base in bases])
    return search(query, list(visible), filters=filters, limit=max(1, min(limit, 50)))
