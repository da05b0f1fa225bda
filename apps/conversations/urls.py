"""Addresses of conversations."""

from django.urls import path

from apps.accounts.views.sharing import share_paths
from apps.conversations import views
from apps.conversations.models import Conversation

urlpatterns = [
    *share_paths("chat/<uuid:pk>/", Conversation, "conversation"),
    path("chat/", views.conversation_list, name="conversations"),
    path("chat/new/", views.conversation_new, name="conversation-new"),
    path("chat/<uuid:pk>/", views.conversation_detail, name="conversation"),
    path("chat/<uuid:pk>/messages/", views.message_send, name="message-send"),
    path("chat/<uuid:pk>/sources/<uuid:message_pk>/", views.message_sources, name="message-sources"),
    path("chat/<uuid:pk>/stop/", views.answer_stop, name="answer-stop"),
    path("chat/<uuid:pk>/messages/<uuid:message_pk>/again/", views.answer_again, name="answer-again"),
    path("chat/<uuid:pk>/messages/<uuid:message_pk>/edit/", views.message_edit, name="message-edit"),
    path("chat/<uuid:pk>/messages/<uuid:message_pk>/show/", views.message_show, name="message-show"),
    path("chat/<uuid:pk>/rename/", views.conversation_rename, name="conversation-rename"),
    path("chat/<uuid:pk>/archive/", views.conversation_archive, name="conversation-archive"),
]
