"""Changing several documents at once: each by itself, so that one that cannot be changed keeps none of the others."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import DomainError, InvalidInput
from apps.knowledge.models import Document
from apps.knowledge.services.documents import checked_tags, delete_document, read_again, tag_document

MOST = 200
Change = Callable[[Any, Document], None]


class ToDo(models.TextChoices):
    """What can be done with several documents."""

    TAG = "tag", gettext_lazy("Add tags")
    UNTAG = "untag", gettext_lazy("Take tags away")
    READ_AGAIN = "read_again", gettext_lazy("Read anew")
    DELETE = "delete", gettext_lazy("Delete")


@dataclass(frozen=True)
class Outcome:
    """The ids of those that were changed, and each other one with what stood in the way."""

    done: tuple[UUID, ...]
    failed: tuple[tuple[Document, DomainError], ...]


def change_documents(*, actor: Any, documents: Iterable[Document], to_do: str, tags: Sequence[str] = ()) -> Outcome:
    """Do the same with each document. Raises InvalidInput for something else to do, and for tags that are none or too many."""
    change = _change(to_do, tags)
    done: list[UUID] = []
    failed: list[tuple[Document, DomainError]] = []
    for document in documents:
        pk = document.pk
        try:
            with transaction.atomic():
                change(actor, document)
        except DomainError as error:
            failed.append((document, error))
        else:
            done.append(pk)
    return Outcome(tuple(done), tuple(failed))


def _change(to_do: str, tags: Sequence[str]) -> Change:
    if to_do not in ToDo.values:
        raise InvalidInput(_("Choose what is to be done."), field="do")
    if to_do == ToDo.DELETE:
        return lambda actor, document: delete_document(actor=actor, document=document)
    if to_do == ToDo.READ_AGAIN:
        return lambda actor, document: read_again(actor=actor, document=document)
    words = set(checked_tags(tags))
    if not words:
        raise InvalidInput(_("Write at least one tag."), field="tags")

    def retag(actor: Any, document: Document) -> None:
        wanted = {*document.tags, *words} if to_do == ToDo.TAG else set(document.tags) - words
        tag_document(actor=actor, document=document, tags=sorted(wanted))

    return retag
