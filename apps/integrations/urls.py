"""Addresses of connections, and of webhooks both ways."""

from django.urls import path

from apps.integrations.views import connections, hooks, sign_ins, webhooks

urlpatterns = [
    path("connections/", connections.connection_list, name="connections"),
    path("connections/new/", connections.connection_new, name="connection-new"),
    path("connections/<uuid:pk>/", connections.connection_detail, name="connection"),
    path("connections/<uuid:pk>/edit/", connections.connection_edit, name="connection-edit"),
    path("connections/<uuid:pk>/again/", connections.connection_again, name="connection-again"),
    path("connections/<uuid:pk>/test/", connections.connection_test, name="connection-test"),
    path("connections/<uuid:pk>/remove/", connections.connection_remove, name="connection-remove"),
    path("connections/<uuid:pk>/sign-in/", sign_ins.sign_in, name="connection-sign-in"),
    path("connections/<uuid:pk>/sign-out/", sign_ins.sign_out, name="connection-sign-out"),
    path("connections/signed-in/", sign_ins.signed_in, name="connection-signed-in"),
    path("connections/<uuid:pk>/hook/", hooks.hook_open, name="connection-hook"),
    path("connections/<uuid:pk>/hook/close/", hooks.hook_close, name="connection-hook-close"),
    path("webhooks/", webhooks.webhook_list, name="webhooks"),
    path("webhooks/new/", webhooks.webhook_new, name="webhook-new"),
    path("webhooks/<uuid:pk>/", webhooks.webhook_detail, name="webhook"),
    path("webhooks/<uuid:pk>/edit/", webhooks.webhook_edit, name="webhook-edit"),
    path("webhooks/<uuid:pk>/secret/", webhooks.webhook_rotate, name="webhook-rotate"),
    path("webhooks/<uuid:pk>/test/", webhooks.webhook_test, name="webhook-test"),
    path("webhooks/<uuid:pk>/remove/", webhooks.webhook_remove, name="webhook-remove"),
    path("webhooks/deliveries/<uuid:message>/again/", webhooks.delivery_again, name="webhook-delivery-again"),
]
