"""Who sees which conversations and what was said of answers, and which messages are on the page."""

from typing import TYPE_CHECKING, Any

from django.db import models

from apps.accounts.grants import SharedQuerySet

if TYPE_CHECKING:
    from apps.conversations.models import Feedback, Message  # noqa: F401


class ConversationQuerySet(SharedQuerySet):
    """Who reads which conversations; only whose it is (`owned_by`) writes in one."""

    def shared_with(self, user: Any) -> "ConversationQuerySet":
        """Conversations of others that a person reads because they were shared."""
        return self.given_to(user).exclude(owner=user)

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


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def about(self, agent: Any) -> "FeedbackQuerySet":
        """What was said of an agent's answers, the newest first, with question and person."""
        found = self.filter(message__conversation__agent=agent)
        return found.select_related("message__parent", "message__conversation__owner")

    def saying(self, is_good: bool | None) -> "FeedbackQuerySet":
        """What was said by one verdict; None: by both."""
        return self if is_good is None else self.filter(is_good=is_good)

    def counts(self) -> dict[str, int]:
        """Count `good` and `bad`."""
        good = models.Count("pk", filter=models.Q(is_good=True))
        return self.order_by().aggregate(good=good, bad=models.Count("pk", filter=models.Q(is_good=False)))
