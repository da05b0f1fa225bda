"""Addresses of a tenant's site."""

from allauth.account import views as account
from allauth.mfa.webauthn.views import login_webauthn
from allauth.socialaccount import views as social
from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerSplitView

from apps.accounts.views.members import join
from apps.accounts.views.single_sign_on import with_passwords
from apps.core.views import problems, sign_in_by_page
from apps.tenants.views.caches import cache_list
from apps.tenants.views.features import features
from apps.tenants.views.looks import accent_css, logo, looks
from apps.tenants.views.settings import settings_page

# The two viewers of the API document write style elements and load workers; nothing else on the site may.
viewer = csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["'self'", "blob:"]})

login_not_required(login_webauthn)  # a passkey is how one signs in

urlpatterns = [
    path("", include("apps.dashboard.urls")),
    path("settings/", settings_page, name="settings"),
    path("settings/caches/", cache_list, name="caches"),
    path("settings/features/", features, name="features"),
    path("settings/looks/", looks, name="looks"),
    path("looks/<slug:accent>.css", accent_css, name="accent-css"),
    path("looks/<slug:digest>.png", logo, name="logo"),
    path("", include("apps.audit.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.projects.urls")),
    path("", include("apps.providers.urls")),
    path("", include("apps.usage.urls")),
    path("", include("apps.prompts.urls")),
    path("", include("apps.integrations.urls")),
    path("", include("apps.agents.urls")),
    path("", include("apps.knowledge.urls")),
    path("", include("apps.workflows.urls")),
    path("", include("apps.conversations.urls")),
    path("", include("apps.widgets.urls")),
    path("", include("apps.evaluations.urls")),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/signup/", join, name="account_signup"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/password/change/", with_passwords(account.password_change), name="account_change_password"),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("accounts/", include("allauth.socialaccount.providers.saml.urls")),
    path("accounts/", include("allauth.socialaccount.providers.github.urls")),
    path("accounts/sso/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("accounts/sso/failed/", login_not_required(social.login_error), name="socialaccount_login_error"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/password/reset/", with_passwords(account.password_reset), name="account_reset_password"),
    path("accounts/password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        with_passwords(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("admin/login/", sign_in_by_page, name="admin-login"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api")),
    path("scim/v2/", include("apps.accounts.api.scim")),
    path("", include("apps.protocols.api")),
    path("openapi.json", login_not_required(SpectacularJSONAPIView.as_view()), name="openapi"),
    path("docs/problems", problems, name="problems"),
    path("docs", viewer(login_not_required(SpectacularSwaggerSplitView.as_view(url_name="openapi"))), name="api-docs"),
    path("redoc", viewer(login_not_required(SpectacularRedocView.as_view(url_name="openapi"))), name="api-redoc"),
]
handler400 = "apps.core.views.bad_request"
handler500 = "apps.core.views.server_error"
handler403 = "apps.core.views.forbidden"
handler404 = "apps.core.views.not_found"
