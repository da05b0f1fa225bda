"""Who sees which collections and documents."""

from typing import TYPE_CHECKING, Any

from django.db import models

from apps.accounts.grants import SharedQuerySet
from apps.knowledge.types import Filters

if TYPE_CHECKING:
    from apps.knowledge.models import Document  # noqa: F401


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
        return found.filter(created_at__date__lte=filters.until) if filters.until else found

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

    def in_reading(self) -> "DocumentQuerySet":
        """Documents that are not searchable yet: on their way, or failed."""
        return self.exclude(state="ready")
