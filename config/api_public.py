"""The REST API of the platform itself, for operators."""

from django.urls import include, path

from apps.tenants.api.features import platform_urlpatterns

urlpatterns = [
    path("", include("apps.accounts.api.sign_in")),
    path("", include("apps.tenants.api.platform")),
    path("", include(platform_urlpatterns)),
]
