"""The labelled questions of a collection: written, imported, proposed, removed; and a measurement of how well they are answered."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

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

MOST_QUESTIONS, MOST_PROPOSED = 2_000, 200
MOST_REMARK_CHARS = 4_000
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
        values |= {"state": Question.State.LABELLED, "remark": ""}
        Question.objects.update_or_create(knowledge_base=knowledge_base, text=text, defaults=values)
    return _counted(actor, knowledge_base, added=len(rows))


def _counted(actor: Any, knowledge_base: KnowledgeBase, *, added: int) -> int:
    count = knowledge_base.questions.labelled().count()
    if count > MOST_QUESTIONS:
        raise InvalidInput(_("At most %(most)d questions a collection.") % {"most": MOST_QUESTIONS}, field="question")
    record(actions.QUESTIONS_ADDED, actor=actor, target=knowledge_base, after={"added": added, "questions": count})
    return count


def propose(
    *,
    knowledge_base: KnowledgeBase,
    text: str,
    document_name: str,
    quote: str,
    is_good: bool,
    remark: str,
    origin: UUID,
) -> None:
    """Propose a question that somebody asked and said something of; part of the caller's transaction.

    One that is labelled, dismissed or too long is not proposed; of more than 200 the oldest go.
    """
    text = one_line(text, 501)
    if len(text) > 500:
        return
    values = {"document_name": document_name, "quote": one_line(quote, 300), "was_good": is_good, "origin": origin}
    values["remark"] = remark[:MOST_REMARK_CHARS]
    row, is_new = Question.objects.get_or_create(
        knowledge_base=knowledge_base, text=text, defaults={"state": Question.State.PROPOSED, **values}
    )
    if not is_new:
        Question.objects.proposed().filter(pk=row.pk).update(**values)
    surplus = knowledge_base.questions.proposed().values_list("pk", flat=True)[MOST_PROPOSED:]
    Question.objects.filter(pk__in=list(surplus)).delete()


def withdraw_proposals(*, origin: UUID) -> None:
    """Forget what was proposed because of an answer and nobody has decided on."""
    Question.objects.proposed().filter(origin=origin).delete()


@transaction.atomic
def accept_question(*, actor: Any, question: Question, document: str, quote: str = "") -> int:
    """Add a proposed question, with the document that answers it; return how many there are now.

    Raises Forbidden, Conflict when it is decided, InvalidInput at `document`.
    """
    base = question.knowledge_base
    require_manage(actor, base)
    _require_proposed(question)
    names = set(base.documents.values_list("name", flat=True))
    values = _checked({"question": question.text, "document": document, "quote": quote}, names, 0)
    Question.objects.filter(pk=question.pk).update(**values, state=Question.State.LABELLED, remark="")
    return _counted(actor, base, added=1)


@transaction.atomic
def dismiss_question(*, actor: Any, question: Question) -> None:
    """Drop a proposed question; it is not proposed again. Raises Forbidden, Conflict when it is decided."""
    require_manage(actor, question.knowledge_base)
    _require_proposed(question)
    Question.objects.filter(pk=question.pk).update(state=Question.State.DISMISSED, remark="", quote="")
    before = {"question": question.text}
    record(actions.QUESTION_DISMISSED, actor=actor, target=question.knowledge_base, before=before)


def _require_proposed(question: Question) -> None:
    if not Question.objects.select_for_update().proposed().filter(pk=question.pk).exists():
        raise Conflict(_("This question is decided already."))


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
    if not base.questions.labelled().exists():
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
