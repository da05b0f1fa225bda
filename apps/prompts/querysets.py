"""Finding prompts."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from apps.prompts.models import Prompt  # noqa: F401


class PromptQuerySet(models.QuerySet["Prompt"]):
    def matching(self, words: str) -> "PromptQuerySet":
        """Prompts whose name or description holds every word."""
        found = self
        for word in words.split():
            found = found.filter(Q(name__icontains=word) | Q(description__icontains=word))
        return found
