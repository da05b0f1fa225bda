"""The labelled questions of a collection: written, imported, removed; and a measurement of how well they are answered."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services.sharing import require_manage
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.language import one_line
from apps.jobs import services as jobs
from apps.jobs.types import DOCUMENTS
from apps.knowledge import actions
from apps.knowledge.measuring import MEASURE
from apps.knowledge.models import KnowledgeBase, Measurement, Question

MOST_QUESTIONS = 2_000
COLUMNS = ("question", "document", "quote")


@transaction.atomic
def add_questions(*, actor: Any, knowledge_base: KnowledgeBase, rows: Sequence[Mapping[str, str]]) -> int:
    """Add questions, each with `question`, `document` (its name) and perhaps `quote`; one that is there is labelled anew.

    Returns how many there are now. Raises Forbidden, InvalidInput at `question` or `document`, naming the line.
    """
    require_manage(actor, knowledge_base)
    if not rows:
        raise InvalidInput(_("Write a question."), field="question")
    names = set(knowledge_base.documents.values_list("name", flat=True))
    for number, row in enumerate(rows, start=1):
        values = _checked(row, names, number if len(rows) > 1 else 0)
        text = values.pop("text")
        Question.objects.update_or_create(knowledge_base=knowledge_base, text=text, defaults=values)
    count = knowledge_base.questions.count()
    if count > MOST_QUESTIONS:
        raise InvalidInput(_("At most %(most)d questions a collection.") % {"most": MOST_QUESTIONS}, field="question")
    record(actions.QUESTIONS_ADDED, actor=actor, target=knowledge_base, after={"added": len(rows), "questions": count})
    return count


def rows_of(data: bytes) -> list[dict[str, str]]:
    """Read a CSV file with the columns question, document and perhaps quote. Raises InvalidInput at `file`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(_("Save the file as CSV in UTF-8."), field="file") from error
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    names = [name.strip().lower() for name in reader.fieldnames or []]
    if not {"question", "document"} <= set(names):
        raise InvalidInput(
            _("The first line has to name the columns question and document, and perhaps quote."), field="file"
        )
    reader.fieldnames = names
    try:
        rows = [{name: str(row.get(name) or "") for name in COLUMNS} for row in reader]
    except csv.Error as error:
        raise InvalidInput(_("The file is no CSV that can be read."), field="file") from error
    return [row for row in rows if row["question"].strip()]


@transaction.atomic
def remove_question(*, actor: Any, question: Question) -> None:
    """Remove a question; what was measured stays. Raises Forbidden."""
    require_manage(actor, question.knowledge_base)
    record(actions.QUESTION_REMOVED, actor=actor, target=question.knowledge_base, before={"question": question.text})
    question.delete()


@transaction.atomic
def measure(*, actor: Any, knowledge_base: KnowledgeBase, note: str = "") -> Measurement:
    """Have every question asked, in the background. Raises Forbidden, Conflict without questions or while it is measured already."""
    require_manage(actor, knowledge_base)
    base = (
        KnowledgeBase.objects.select_for_update(of=("self",))
        .select_related("embedding_model")
        .get(pk=knowledge_base.pk)
    )
    if not base.questions.exists():
        raise Conflict(_("Add questions first."))
    if base.measurements.filter(state=Measurement.State.WAITING).exists():
        raise Conflict(_("It is being measured already."))
    made = Measurement.objects.create(
        knowledge_base=base,
        note=one_line(note, 120),
        model_name=str(base.embedding_model or ""),
        passage_count=base.chunk_count,
        started_by=actor,
    )
    jobs.enqueue(kind=MEASURE, queue=DOCUMENTS, object_id=made.pk)
    record(actions.COLLECTION_MEASURED, actor=actor, target=base, after={"note": made.note})
    return made


def _checked(row: Mapping[str, str], names: set[str], number: int) -> dict[str, str]:
    text, name = one_line(row.get("question", ""), 501), one_line(row.get("document", ""), 255)
    start = _("Line %(n)d:") % {"n": number} + " " if number else ""
    if not text or len(text) > 500:
        raise InvalidInput(start + _("Write a question of at most 500 characters."), field="question")
    if name not in names:
        message = _("No document of this collection is named “%(name)s”.") % {"name": name[:100]}
        raise InvalidInput(start + message, field="document")
    return {"text": text, "document_name": name, "quote": one_line(row.get("quote", ""), 300)}
