"""Addresses of connections."""

from django.urls import path

from apps.integrations import views

urlpatterns = [
    path("connections/", views.connection_list, name="connections"),
    path("connections/new/", views.connection_new, name="connection-new"),
    path("connections/<uuid:pk>/", views.connection_detail, name="connection"),
    path("connections/<uuid:pk>/edit/", views.connection_edit, name="connection-edit"),
    path("connections/<uuid:pk>/again/", views.connection_again, name="connection-again"),
    path("connections/<uuid:pk>/test/", views.connection_test, name="connection-test"),
    path("connections/<uuid:pk>/remove/", views.connection_remove, name="connection-remove"),
]
