"""Addresses of the platform's own site and of health checks, on any host."""

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from apps.accounts.views.profile import preferences
from apps.core.admin import platform_site
from apps.dashboard import health, views

viewer = csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["'self'", "blob:"]})

urlpatterns = [
    path("", views.platform, name="platform"),
    path("", include("apps.tenants.urls")),
    path("preferences/", preferences, name="preferences"),
    path("accounts/login/", platform_site.login, name="account_login"),
    path("admin/", platform_site.urls),
    path("api/v1/", include("config.api_public")),
    path(
        "openapi.json", login_not_required(SpectacularJSONAPIView.as_view(urlconf="config.urls_public")), name="openapi"
    ),
    path("docs", viewer(login_not_required(SpectacularSwaggerSplitView.as_view(url_name="openapi"))), name="api-docs"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
]
handler404 = "apps.dashboard.views.platform_not_found"
