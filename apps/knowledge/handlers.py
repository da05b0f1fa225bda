"""What follows from rows that come and go: counters and files."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, pre_delete
from django.urls import reverse
from django.utils.translation import gettext_lazy

from apps.core import credentials
from apps.knowledge.indexing import uncount
from apps.knowledge.models import Document, KnowledgeBase, Source, Upload
from apps.projects.registry import Assignable
from apps.tenants.events import tenant_provisioned

COLLECTIONS_OF_PROJECTS = Assignable(
    key="knowledge",
    model=KnowledgeBase,
    words=gettext_lazy("Collections"),
    none=gettext_lazy("No collection is here"),
    icon="book-open",
    address=lambda project, base: reverse("collection", args=[base.pk]),
)


def connect() -> None:
    """Bind the receivers; called once at start."""
    pre_delete.connect(uncount_chunks, sender=Document)
    post_delete.connect(remove_file, sender=Document)
    post_delete.connect(remove_part, sender=Upload)
    tenant_provisioned.connect(add_first_collection)


def uncount_chunks(sender: Any, *, instance: Document, **kwargs: Any) -> None:
    """Take a document's chunks out of its collection's counters, in the transaction that deletes them."""
    uncount(instance)


def remove_file(sender: Any, *, instance: Document, **kwargs: Any) -> None:
    """Remove the stored file once the row is gone for good."""
    storage, name = instance.file.storage, instance.file.name
    path = storage.path(name) if name else ""
    if path:
        transaction.on_commit(lambda: _unlink(path))


def remove_part(sender: Any, *, instance: Upload, **kwargs: Any) -> None:
    """Remove what came in of an upload once its row is gone for good; of a whole one nothing is left there."""
    path = str(instance.path)
    transaction.on_commit(lambda: _unlink(path))


def _unlink(path: str) -> None:
    from pathlib import Path

    Path(path).unlink(missing_ok=True)


def add_first_collection(sender: Any, **kwargs: Any) -> None:
    """Give a new tenant the collection that its first agent searches."""
    KnowledgeBase.objects.get_or_create(name="Company documents")


@credentials.on_rotation
def reseal_secrets() -> int:
    return credentials.reseal_column(Source.objects, column="sealed_secret", field="sealed_secret")
