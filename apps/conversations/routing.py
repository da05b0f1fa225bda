"""Socket addresses."""

from django.urls import path

from apps.conversations.consumers import ChatConsumer

websocket_urlpatterns = [path("ws/chat/<uuid:pk>/", ChatConsumer.as_asgi())]
