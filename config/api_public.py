"""The REST API of the platform itself, for operators."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.accounts.api.sign_in")),
    path("", include("apps.tenants.api.platform")),
]
