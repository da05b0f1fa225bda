"""Socket addresses."""

from django.urls import path

from apps.widgets.consumers import VisitConsumer

websocket_urlpatterns = [path("ws/visits/<uuid:pk>/", VisitConsumer.as_asgi())]
