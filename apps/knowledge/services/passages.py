"""What can be done with single passages: change the text, split it, leave one out of searches and take it in again."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.jobs import services as jobs
from apps.jobs.types import DOCUMENTS
from apps.knowledge import actions
from apps.knowledge.indexing import leave_out, take_in
from apps.knowledge.mending import MEND
from apps.knowledge.models import Chunk, Document
from apps.knowledge.services.documents import require_own

MOST_CHARS = 8_000
MOST_PARTS = 50
DIVIDER = "---"


@transaction.atomic
def change_passage(*, actor: Any, chunk: Chunk, text: str) -> list[Chunk]:
    """Give a passage another text, and return what became of it; a line of three dashes splits it there.

    It is found by its new words at once, and by meaning when its vector is made. Raises Forbidden, InvalidInput at `text`, Conflict
    while the document is being read.
    """
    document, row = _locked(actor, chunk)
    parts = _parts(text)
    if parts == [row.text]:
        return [row]
    if not row.is_left_out:
        leave_out(row)
    later = document.chunks.filter(position__gt=row.position)
    later.update(position=F("position") + len(parts) - 1)
    rows = [row, *(_sibling(row, place) for place in range(1, len(parts)))]
    for each, part in zip(rows, parts, strict=True):
        each.text, each.changed_at, each.changed_by = part, timezone.now(), actor
        _save(each)
    _count_passages(document)
    _have_embedded(document)
    record(actions.PASSAGE_CHANGED, actor=actor, target=document, after={"passage": row.position, "parts": len(parts)})
    return rows


@transaction.atomic
def set_left_out(*, actor: Any, chunk: Chunk, is_left_out: bool) -> None:
    """Leave a passage out of searches, or take it in again; it stays in the text. Raises Forbidden, Conflict."""
    document, row = _locked(actor, chunk)
    if row.is_left_out == is_left_out:
        return
    row.is_left_out = is_left_out
    if is_left_out:
        leave_out(row)
        row.save(update_fields=["is_left_out"])
    else:
        take_in(row)
        _have_embedded(document)
    action = actions.PASSAGE_LEFT_OUT if is_left_out else actions.PASSAGE_TAKEN_IN
    record(action, actor=actor, target=document, after={"passage": row.position})


def _locked(actor: Any, chunk: Chunk) -> tuple[Document, Chunk]:
    """Return the document and the passage as they are now, for this transaction alone. Raises Forbidden, Conflict."""
    document = Document.objects.select_for_update().get(pk=chunk.document_id)
    require_own(actor, document, "knowledge.change_document")
    row = document.chunks.select_for_update().filter(pk=chunk.pk).first()
    if document.state != Document.State.READY or row is None:
        raise Conflict(_("Passages can be changed once the document is searchable."))
    row.document = document
    return document, row


def _parts(text: str) -> list[str]:
    lines = text.replace("\0", "").replace("\r\n", "\n").split("\n")
    marks = [place for place, line in enumerate(lines) if line.strip() == DIVIDER]
    cuts = zip([-1, *marks], [*marks, len(lines)], strict=True)
    parts = ["\n".join(lines[before + 1 : after]).strip() for before, after in cuts]
    parts = [part for part in parts if part]
    if not parts:
        raise InvalidInput(_("Write the text, or leave the passage out of searches."), field="text")
    if len(parts) > MOST_PARTS or any(len(part) > MOST_CHARS for part in parts):
        message = _("At most %(parts)d passages of %(chars)d characters. A line of three dashes splits one.")
        raise InvalidInput(message % {"parts": MOST_PARTS, "chars": MOST_CHARS}, field="text")
    return parts


def _sibling(row: Chunk, place: int) -> Chunk:
    return Chunk(
        knowledge_base_id=row.knowledge_base_id,
        document=row.document,
        position=row.position + place,
        heading=row.heading,
        page=row.page,
        length=0,
        is_left_out=row.is_left_out,
    )


def _save(chunk: Chunk) -> None:
    if chunk.is_left_out:
        chunk.save()
    else:
        take_in(chunk)


def _count_passages(document: Document) -> None:
    Document.objects.filter(pk=document.pk).update(chunk_count=document.chunks.count())


def _have_embedded(document: Document) -> None:
    jobs.enqueue(kind=MEND, queue=DOCUMENTS, object_id=document.pk)
