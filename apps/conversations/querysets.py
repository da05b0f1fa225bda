"""Who sees which conversations and what was said of answers, and which messages are on the page."""

import re
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models

from apps.accounts.grants import SharedQuerySet

if TYPE_CHECKING:
    from apps.conversations.models import Feedback, Message  # noqa: F401


MOST_WORDS = 12
TEXT = SearchVector("text", config="simple")
"""What the index of messages is over: words as they are, since people write in many languages."""
PIECES = re.compile(r"[\w.]+")
WITHOUT_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def beginning(words: str, *, together: str = "&") -> SearchQuery | None:
    """Return the query for texts with words that begin like each of these (or, `together` by "|", one of them).

    None for scripts without spaces, and for no word at all.
    """
    pieces = [piece.strip("._") for piece in PIECES.findall(words)]
    pieces = [piece for piece in pieces if piece]
    if not pieces or WITHOUT_SPACES.search(words):
        return None
    return SearchQuery(f" {together} ".join(f"'{piece}':*" for piece in pieces), config="simple", search_type="raw")


class ConversationQuerySet(SharedQuerySet):
    """Who reads which conversations; only whose it is (`owned_by`) writes in one."""

    def shared_with(self, user: Any) -> "ConversationQuerySet":
        """Conversations of others that a person reads because they were shared."""
        return self.given_to(user).exclude(owner=user)

    def current(self) -> "ConversationQuerySet":
        """Conversations that are not archived."""
        return self.filter(archived_at=None)

    def matching(self, words: str) -> "ConversationQuerySet":
        """Conversations with every word in the title or in one message; a word may be the beginning of one."""
        found, messages = self, self.model._meta.get_field("messages").related_model._default_manager  # type: ignore[union-attr]
        for word in words.split()[:MOST_WORDS]:
            inside = messages.containing(word).filter(conversation=models.OuterRef("pk"))
            found = found.filter(models.Q(title__icontains=word) | models.Q(models.Exists(inside)))
        return found


class MessageQuerySet(models.QuerySet["Message"]):
    def containing(self, word: str) -> "MessageQuerySet":
        """Messages with a word, or one that begins so; in scripts without spaces, with these letters in a row."""
        asked = beginning(word)
        if asked is None:
            return self.filter(text__icontains=word)
        return self.annotate(words=TEXT).filter(words=asked)

    def said_in(self, conversations: Any) -> "MessageQuerySet":
        """Messages of these conversations, with them; the newest first."""
        found = self.filter(conversation__in=conversations).select_related("conversation")
        return found.order_by("-created_at", "-pk")

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
