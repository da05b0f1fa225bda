"""Who sees which collections and documents."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from apps.knowledge.models import Document, KnowledgeBase  # noqa: F401


class KnowledgeBaseQuerySet(models.QuerySet["KnowledgeBase"]):
    def visible_to(self, user: Any) -> "KnowledgeBaseQuerySet":
        """Collections that a person may search: all of the tenant's, for whoever has an account in it."""
        return self if user.is_active else self.none()


class DocumentQuerySet(models.QuerySet["Document"]):
    def visible_to(self, user: Any) -> "DocumentQuerySet":
        """Documents of collections that a person may search."""
        return self if user.is_active else self.none()

    def in_reading(self) -> "DocumentQuerySet":
        """Documents that are not searchable yet: on their way, or failed."""
        return self.exclude(state="ready")
