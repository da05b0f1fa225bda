"""Conversations for API clients: chats, and what people say of answers."""

from apps.conversations.api import conversations, feedback

urlpatterns = [*conversations.urlpatterns, *feedback.urlpatterns]
