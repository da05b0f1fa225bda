"""The REST API of the platform itself, for operators."""

from django.urls import include, path

from apps.accounts.api import support
from apps.tenants.api import features, organizations

urlpatterns = [
    path("", include("apps.accounts.api.sign_in")),
    path("", include("apps.tenants.api.plans")),
    path("", include("apps.tenants.api.platform")),
    path("", include(features.platform_urlpatterns)),
    path("", include(support.platform_urlpatterns)),
    path("", include(organizations.platform_urlpatterns)),
]
