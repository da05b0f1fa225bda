"""Socket addresses."""

from django.urls import path

from apps.agents.consumers import RunConsumer

websocket_urlpatterns = [path("ws/runs/<uuid:pk>/", RunConsumer.as_asgi())]
