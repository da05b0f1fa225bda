"""Questions that are asked of chats on other sites."""

from typing import TYPE_CHECKING

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef

from apps.knowledge.models import KnowledgeBase

if TYPE_CHECKING:
    from apps.widgets.models import Widget  # noqa: F401


class WidgetQuerySet(models.QuerySet["Widget"]):
    def with_collections(self) -> "WidgetQuerySet":
        """With `collections`, the ids of what answers may rest on, by name."""
        given = KnowledgeBase.objects.filter(user_grants__user=OuterRef("account")).order_by("name")
        return self.annotate(collections=ArraySubquery(given.values("pk")))
