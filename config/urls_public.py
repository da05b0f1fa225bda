"""Addresses of the platform's own site and of health checks, on any host."""

from allauth.account import views as account
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from apps.accounts.views.profile import preferences
from apps.core.admin import platform_site
from apps.core.views import problems, sign_in_by_page
from apps.dashboard import health, operations, views

viewer = csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["'self'", "blob:"]})

urlpatterns = [
    path("", views.platform, name="platform"),
    path("", include("apps.tenants.urls")),
    path("operations/", operations.operations, name="operations"),
    path("operations/support/<uuid:pk>/", operations.enter, name="operations-enter"),
    path("preferences/", preferences, name="preferences"),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/login/", sign_in_by_page, name="admin-login"),
    path("admin/", platform_site.urls),
    path("api/v1/", include("config.api_public")),
    path(
        "openapi.json", login_not_required(SpectacularJSONAPIView.as_view(urlconf="config.urls_public")), name="openapi"
    ),
    path("docs/problems", problems, name="problems"),
    path("docs", viewer(login_not_required(SpectacularSwaggerSplitView.as_view(url_name="openapi"))), name="api-docs"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
]
handler500 = "apps.core.views.server_error"
handler403 = "apps.core.views.forbidden"
handler404 = "apps.dashboard.views.platform_not_found"
