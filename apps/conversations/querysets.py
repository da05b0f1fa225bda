"""Who sees which conversations."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from apps.conversations.models import Conversation  # noqa: F401


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, user: Any) -> "ConversationQuerySet":
        """A person's own conversations."""
        return self.filter(owner=user) if user.is_active else self.none()

    def current(self) -> "ConversationQuerySet":
        """Conversations that are not archived."""
        return self.filter(archived_at=None)

    def matching(self, words: str) -> "ConversationQuerySet":
        """Conversations with every word in the title or in one message."""
        found = self
        for word in words.split():
            inside = self.model.objects.filter(pk=models.OuterRef("pk"), messages__text__icontains=word)
            found = found.filter(models.Q(title__icontains=word) | models.Q(models.Exists(inside)))
        return found
