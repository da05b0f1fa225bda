"""The REST API of the platform itself, for operators."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.accounts.api")),
    path("", include("apps.tenants.api")),
]
