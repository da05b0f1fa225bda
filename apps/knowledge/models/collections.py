"""KnowledgeBase, Document, Chunk and the two indexes over chunks: postings of terms, and vectors by size."""

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField, HnswIndex

from apps.accounts.grants import CHANGE, MANAGE, VIEW, GroupGrant, Shared, UserGrant
from apps.core.models import TimestampedModel, UUIDModel
from apps.knowledge.querysets import ChunkQuerySet, DocumentQuerySet, KnowledgeBaseQuerySet

BUILT_IN_SPACE = UUID(int=0)


class KnowledgeBase(TimestampedModel, Shared):
    """A collection of documents. The two counters are kept by ingestion: they are BM25's corpus size; `languages` are those that
    documents were found to be in, whose stems a question is asked in.
    """

    LEVELS: ClassVar = {
        VIEW: _("Search and read"),
        CHANGE: _("Add documents"),
        MANAGE: _("Manage it: share, shut, look after all documents"),
    }
    OPEN_TO: ClassVar = {VIEW: "", CHANGE: "knowledge.add_document"}
    THROUGH = "projects"

    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    projects = models.ManyToManyField(
        "projects.Project", blank=True, related_name="knowledge_bases", verbose_name=_("projects"), editable=False
    )
    chunk_count = models.PositiveIntegerField(default=0, editable=False)
    term_count = models.PositiveBigIntegerField(default=0, editable=False)
    languages = ArrayField(models.CharField(max_length=8), default=list, db_default=[], editable=False)
    embedding_model = models.ForeignKey(
        "providers.ProviderModel",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("found by meaning with"),
    )
    next_model = models.ForeignKey(
        "providers.ProviderModel", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    is_reranked = models.BooleanField(
        _("the best ten are ordered by their best sentence"), default=False, db_default=False, editable=False
    )
    is_moving = models.BooleanField(default=False, db_default=False, editable=False)
    moved_percent = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    move_error = models.CharField(max_length=300, default="", db_default="", editable=False)

    objects = KnowledgeBaseQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        permissions = (("manage_knowledgebase", "May share, shut and change all collections"),)

    def __str__(self) -> str:
        return self.name


class KnowledgeBaseUserGrant(UserGrant):
    content_object = models.ForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="user_grants")

    class Meta(UserGrant.Meta):
        pass


class KnowledgeBaseGroupGrant(GroupGrant):
    content_object = models.ForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="group_grants")

    class Meta(GroupGrant.Meta):
        pass


def storage_path(document: "Document", filename: str) -> str:
    """Name a stored file by the document's key alone; what people called it stays in the row."""
    return f"documents/{document.pk}"


class Document(TimestampedModel):
    """A file of a collection. The same bytes stand once; a new version replaces the old when it is READY."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKED = "checked", _("Scanned")
        READ = "read", _("Text found")
        SPLIT = "split", _("Split")
        READY = "ready", _("Searchable")
        FAILED = "failed", _("Could not be read")

    knowledge_base = models.ForeignKey(
        KnowledgeBase, on_delete=models.CASCADE, related_name="documents", verbose_name=_("collection")
    )
    name = models.CharField(_("name"), max_length=255)
    file = models.FileField(_("file"), upload_to=storage_path, max_length=120)
    content_hash = models.CharField(max_length=64, editable=False)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    kind = models.CharField(_("kind"), max_length=16)
    state = models.CharField(_("status"), max_length=16, choices=State, default=State.UPLOADED)
    progress = models.PositiveSmallIntegerField(_("progress in per cent"), default=0)
    failed_at = models.CharField(max_length=16, blank=True)
    error = models.CharField(_("reason"), max_length=300, blank=True)
    page_count = models.PositiveIntegerField(_("pages"), null=True, blank=True)
    unread_pages = models.PositiveIntegerField(_("pages that are pictures, not read"), default=0, db_default=0)
    chunk_count = models.PositiveIntegerField(_("passages"), default=0)
    language = models.CharField(_("language"), max_length=8, blank=True, db_default="", editable=False)
    tags = ArrayField(models.CharField(max_length=40), verbose_name=_("tags"), default=list, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        indexes = (
            models.Index(fields=("knowledge_base", "-created_at"), name="document_newest"),
            GinIndex(fields=("tags",), name="document_tags"),
        )
        constraints = (models.UniqueConstraint(fields=("knowledge_base", "content_hash"), name="document_stored_once"),)

    def __str__(self) -> str:
        return self.name


class Chunk(UUIDModel):
    """A passage of a document: what is searched, shown and cited. `length` counts its terms.

    One that is left out is shown with the text and found by nobody; it has no length, no postings and no vectors.
    """

    knowledge_base = models.ForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveIntegerField()
    text = models.TextField()
    heading = models.CharField(max_length=500, blank=True)
    page = models.PositiveIntegerField(null=True)
    length = models.PositiveIntegerField()
    is_left_out = models.BooleanField(default=False, db_default=False)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = ChunkQuerySet.as_manager()

    class Meta:
        ordering = ("document", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("document", "position"), name="chunk_position_unique", deferrable=models.Deferrable.DEFERRED
            ),
        )

    def __str__(self) -> str:
        return f"{self.document_id}, {self.position}"


class Posting(models.Model):
    """How often a term stands in a chunk: the inverted index that BM25 is computed from, in SQL."""

    pk = models.CompositePrimaryKey("knowledge_base", "term", "chunk")
    knowledge_base = models.ForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="+", db_index=False)
    term = models.CharField(max_length=64)
    chunk = models.ForeignKey(Chunk, on_delete=models.CASCADE, related_name="+")
    frequency = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return self.term


class ChunkVector(models.Model):
    """A chunk's embedding. `space` is the model that made it; one table for each size keeps its index usable."""

    pk = models.CompositePrimaryKey("chunk", "space")
    chunk = models.ForeignKey(Chunk, on_delete=models.CASCADE, related_name="+")
    space = models.UUIDField(default=BUILT_IN_SPACE, db_default=BUILT_IN_SPACE)
    knowledge_base = models.ForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.chunk_id)


def hnsw(size: int) -> HnswIndex:
    """Return the index over the vectors of one size."""
    return HnswIndex(
        name=f"vector{size}_hnsw", fields=("embedding",), m=16, ef_construction=64, opclasses=("halfvec_cosine_ops",)
    )


class ChunkVector384(ChunkVector):
    embedding = HalfVectorField(dimensions=384)

    class Meta:
        indexes = (hnsw(384),)


class ChunkVector512(ChunkVector):
    embedding = HalfVectorField(dimensions=512)

    class Meta:
        indexes = (hnsw(512),)


class ChunkVector768(ChunkVector):
    embedding = HalfVectorField(dimensions=768)

    class Meta:
        indexes = (hnsw(768),)


class ChunkVector1024(ChunkVector):
    embedding = HalfVectorField(dimensions=1024)

    class Meta:
        indexes = (hnsw(1024),)


class ChunkVector1536(ChunkVector):
    embedding = HalfVectorField(dimensions=1536)

    class Meta:
        indexes = (hnsw(1536),)


class ChunkVector3072(ChunkVector):
    embedding = HalfVectorField(dimensions=3072)

    class Meta:
        indexes = (hnsw(3072),)


_BY_SIZE: dict[int, type[ChunkVector]] = {
    384: ChunkVector384,
    512: ChunkVector512,
    768: ChunkVector768,
    1024: ChunkVector1024,
    1536: ChunkVector1536,
    3072: ChunkVector3072,
}


def vectors_of_size(size: int) -> type[ChunkVector]:
    """Return the table for vectors of one size. Raises KeyError for one that cannot be stored."""
    return _BY_SIZE[size]


def every_vector_table() -> list[type[ChunkVector]]:
    """Return the tables of all sizes."""
    return list(_BY_SIZE.values())
