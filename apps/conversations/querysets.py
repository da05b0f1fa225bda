"""Who sees which conversations, and which messages of them are on the page."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from apps.conversations.models import Conversation, Message  # noqa: F401


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


class MessageQuerySet(models.QuerySet["Message"]):
    def shown(self) -> "MessageQuerySet":
        """The branch that the page shows, oldest first."""
        return self.filter(is_shown=True).order_by("position")
