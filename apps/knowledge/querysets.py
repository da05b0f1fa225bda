"""Who sees which collections and documents."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.grants import SharedQuerySet
from apps.knowledge.types import Filters

if TYPE_CHECKING:
    from apps.knowledge.models import Chunk, Document, Question, Source  # noqa: F401

NEVER, STALE = "never", "stale"
STALE_AFTER = timedelta(days=365)


class KnowledgeBaseQuerySet(SharedQuerySet):
    """Who reaches which collections; whoever sees one may search it."""


class DocumentQuerySet(models.QuerySet["Document"]):
    def visible_to(self, user: Any) -> "DocumentQuerySet":
        """Documents of collections that a person may search."""
        bases: Any = self.model._meta.get_field("knowledge_base").related_model
        return self.filter(knowledge_base__in=bases.objects.visible_to(user))

    def fitting(self, filters: Filters) -> "DocumentQuerySet":
        """Documents that a search with these filters looks into."""
        found = self.filter(pk__in=filters.documents) if filters.documents else self
        found = found.filter(tags__contains=list(filters.tags)) if filters.tags else found
        found = found.filter(created_at__date__gte=filters.since) if filters.since else found
        found = found.filter(created_at__date__lte=filters.until) if filters.until else found
        return found.filter(language=filters.language) if filters.language else found

    def named(self, words: str) -> "DocumentQuerySet":
        """Documents with every word in their name."""
        found = self
        for word in words.split():
            found = found.filter(name__icontains=word)
        return found

    def all_tags(self) -> list[str]:
        """Name the tags in use, in order."""
        used = self.order_by().annotate(tag=models.Func("tags", function="unnest")).values_list("tag", flat=True)
        return sorted(used.distinct())

    def all_languages(self) -> list[str]:
        """Name the languages of documents, as codes, in order."""
        return sorted(self.order_by().exclude(language="").values_list("language", flat=True).distinct())

    def with_use(self) -> "DocumentQuerySet":
        """Add `times_cited`, in answers, and `last_cited_at`."""
        cited = self._citations().filter(document=models.OuterRef("pk")).order_by().values("document")
        times, last = models.Count("pk"), models.Max("message__created_at")
        return self.annotate(
            times_cited=Coalesce(models.Subquery(cited.annotate(n=times).values("n")), 0),
            last_cited_at=models.Subquery(cited.annotate(last=last).values("last")),
        )

    def used(self, how: str) -> "DocumentQuerySet":
        """Searchable documents that no answer ever cited ("never"), or that were not renewed for a year ("stale"); any other word: all."""
        if how == NEVER:
            return self.filter(~models.Exists(self._citations().filter(document=models.OuterRef("pk"))), state="ready")
        if how == STALE:
            return self.filter(state="ready", created_at__lt=timezone.now() - STALE_AFTER)
        return self

    def _citations(self) -> models.QuerySet[Any]:
        citations: Any = self.model._meta.get_field("citations").related_model
        found: models.QuerySet[Any] = citations.objects.filter(is_cited=True)
        return found

    def in_reading(self) -> "DocumentQuerySet":
        """Documents that are not searchable yet: on their way, or failed."""
        return self.exclude(state="ready")


class ChunkQuerySet(models.QuerySet["Chunk"]):
    def with_use(self) -> "ChunkQuerySet":
        """Add `times_cited`, in answers."""
        is_cited = models.Q(citations__is_cited=True)
        return self.annotate(times_cited=models.Count("citations", filter=is_cited, distinct=True))


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: Any) -> "SourceQuerySet":
        """Sources of collections that a person manages: their addresses are nobody else's business."""
        bases: Any = self.model._meta.get_field("knowledge_base").related_model
        return self.filter(knowledge_base__in=bases.objects.manageable_by(user))

    def with_counts(self) -> "SourceQuerySet":
        """Add `item_count` and `failed_count`."""
        has_failed = ~models.Q(items__error="") & models.Q(items__isnull=False)
        return self.annotate(
            item_count=models.Count("items", distinct=True),
            failed_count=models.Count("items", filter=has_failed, distinct=True),
        )


class QuestionQuerySet(models.QuerySet["Question"]):
    def labelled(self) -> "QuestionQuerySet":
        """Questions that are asked when a collection is measured."""
        return self.filter(state="labelled")

    def proposed(self) -> "QuestionQuerySet":
        """Questions that feedback proposed and nobody has decided on, the newest first."""
        return self.filter(state="proposed").order_by("-created_at")
