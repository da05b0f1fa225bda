"""Connections, and webhooks both ways, for API clients."""

from django.urls import path

from apps.integrations.api import connections, hooks, sign_ins, webhooks

urlpatterns = [
    path("connections/", connections.connections, name="api-connections"),
    path("connections/<uuid:pk>", connections.connection, name="api-connection"),
    path("connections/<uuid:pk>/operations", connections.operations, name="api-connection-operations"),
    path("connections/<uuid:pk>/again", connections.again, name="api-connection-again"),
    path("connections/<uuid:pk>/test", connections.test, name="api-connection-test"),
    path("connections/<uuid:pk>/sign-in", sign_ins.sign_in, name="api-connection-sign-in"),
    path("connections/<uuid:pk>/hook", hooks.hook, name="api-connection-hook"),
    path("hooks/<uuid:pk>", hooks.hear, name="hook"),
    path("webhooks/", webhooks.webhooks, name="api-webhooks"),
    path("webhooks/events", webhooks.events, name="api-webhook-events"),
    path("webhooks/<uuid:pk>", webhooks.webhook, name="api-webhook"),
    path("webhooks/<uuid:pk>/secret", webhooks.rotate, name="api-webhook-secret"),
    path("webhooks/<uuid:pk>/test", webhooks.test, name="api-webhook-test"),
    path("webhooks/<uuid:pk>/deliveries", webhooks.deliveries, name="api-webhook-deliveries"),
    path("webhooks/deliveries/<uuid:message>/again", webhooks.again, name="api-webhook-delivery-again"),
]
