"""Addresses of conversations."""

from django.urls import path

from apps.accounts.views.sharing import share_paths
from apps.conversations.models import Conversation
from apps.conversations.views import conversations, feedback

urlpatterns = [
    *share_paths("chat/<uuid:pk>/", Conversation, "conversation"),
    path("chat/", conversations.conversation_list, name="conversations"),
    path("chat/new/", conversations.conversation_new, name="conversation-new"),
    path("chat/<uuid:pk>/", conversations.conversation_detail, name="conversation"),
    path("chat/<uuid:pk>/messages/", conversations.message_send, name="message-send"),
    path("chat/<uuid:pk>/sources/<uuid:message_pk>/", conversations.message_sources, name="message-sources"),
    path("chat/<uuid:pk>/stop/", conversations.answer_stop, name="answer-stop"),
    path("chat/<uuid:pk>/messages/<uuid:message_pk>/again/", conversations.answer_again, name="answer-again"),
    path("chat/<uuid:pk>/messages/<uuid:message_pk>/edit/", conversations.message_edit, name="message-edit"),
    path("chat/<uuid:pk>/messages/<uuid:message_pk>/show/", conversations.message_show, name="message-show"),
    path("chat/<uuid:pk>/messages/<uuid:message_pk>/rate/", feedback.answer_rate, name="answer-rate"),
    path("agents/<uuid:pk>/feedback/", feedback.agent_feedback, name="agent-feedback"),
    path("chat/<uuid:pk>/export.<slug:kind>", conversations.conversation_save, name="conversation-save"),
    path("chat/<uuid:pk>/rename/", conversations.conversation_rename, name="conversation-rename"),
    path("chat/<uuid:pk>/archive/", conversations.conversation_archive, name="conversation-archive"),
]
