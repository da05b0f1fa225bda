"""Every route that exists, and what each kind of visitor must get there.

An entry gives the method, how its address is filled, and the expected status for: anonymous, a member (who owns the
objects), a colleague (same tenant, does not own them), and a person of another tenant. The matrix test fails for a
route that is not listed here.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Route:
    name: str
    method: str
    owner: int
    colleague: int
    anonymous: int = 302
    outsider: int = 404
    admin: int | None = None
    keys: tuple = ()
    body: dict = field(default_factory=dict)
    is_multipart: bool = False


def page(name, owner=200, colleague=None, *, keys=(), method="GET", body=None, outsider=None, anonymous=302, **kw):
    colleague = owner if colleague is None else colleague
    if outsider is None:
        outsider = 404 if keys else owner
    return Route(
        name, method, owner, colleague, anonymous=anonymous, outsider=outsider, keys=keys, body=body or {}, **kw
    )


def api(name, owner=200, colleague=None, *, keys=(), method="GET", body=None, **kw):
    return page(name, owner, colleague, keys=keys, method=method, body=body, anonymous=401, **kw)


OWN = 404  # another member of the tenant sees nothing of what is not theirs

ROUTES = [
    page("home"),
    page("search"),
    page("start-hide", 302, method="POST"),
    page("preferences", 302, method="POST", body={"theme": "dark"}),
    page("agents"),
    page("runs"),
    page("run", keys=("run",), colleague=OWN),
    page("run-cancel", 409, keys=("run",), colleague=OWN, method="POST"),
    page("run-again", 409, keys=("run",), colleague=OWN, method="POST"),
    page("collections"),
    page("collections", 403, method="POST", body={"name": ""}, admin=422),
    page("collection", keys=("base",)),
    page("collection-reading", keys=("base",)),
    page("document-upload", 302, keys=("base",), method="POST"),
    page("document", keys=("document",)),
    page("document-file", keys=("document",)),
    page("document-tags", 302, 403, keys=("document",), method="POST", body={"tags": "policy, 2026"}),
    page("document-retry", 409, 403, keys=("document",), method="POST"),
    page("document-delete", 302, 403, keys=("spare",), method="POST"),
    page("conversations"),
    page("conversations", 422, method="POST", body={"text": ""}),
    page("conversation-new"),
    page("conversation", keys=("conversation",), colleague=OWN),
    page("message-send", 422, keys=("conversation",), colleague=OWN, method="POST", body={"text": ""}),
    page("message-sources", keys=("conversation", "message"), colleague=OWN),
    page("answer-stop", 302, keys=("conversation",), colleague=OWN, method="POST"),
    page("answer-again", 302, keys=("conversation", "message"), colleague=OWN, method="POST"),
    page("message-edit", keys=("conversation", "question"), colleague=OWN),
    page("message-edit", 422, keys=("conversation", "question"), colleague=OWN, method="POST", body={"text": ""}),
    page("message-show", 302, keys=("conversation", "message"), colleague=OWN, method="POST"),
    page("conversation-rename", 302, keys=("conversation",), colleague=OWN, method="POST", body={"title": "New"}),
    page("conversation-archive", 302, keys=("conversation",), colleague=OWN, method="POST"),
    page("members", 403, admin=200),
    page("member-invite", 403, method="POST", admin=422),
    page("roles", 403, admin=200),
    page("role-new", 403, admin=200),
    page("role-new", 403, method="POST", admin=422),
    page("role-edit", 403, keys=("role",), outsider=403, admin=200),
    page("role-remove", 403, keys=("role",), outsider=403, method="POST", admin=302),
    page("groups", 403, admin=200),
    page("group-new", 403, admin=200),
    page("group-edit", 403, keys=("group",), outsider=403, admin=200),
    page("group-remove", 403, keys=("group",), outsider=403, method="POST", admin=302),
    page("access-requests", 403, admin=200),
    page("access-answer", 403, keys=("asked",), outsider=403, method="POST", admin=302),
    page("access-ask", 422, method="POST"),
    page("agent-settings", 403, keys=("agent",), admin=200),
    page("agent-settings", 403, keys=("agent",), method="POST", admin=302),
    page("agent-sharing", 403, keys=("agent",), admin=200),
    page("agent-sharing", 403, keys=("agent",), method="POST", admin=422),
    page("agent-sharing-end", 403, keys=("agent",), method="POST", admin=422),
    page("agent-sharing-open", 403, keys=("agent",), method="POST", admin=302),
    page("collection-sharing", 403, keys=("base",), admin=200),
    page("collection-sharing", 403, keys=("base",), method="POST", admin=422),
    page("collection-sharing-end", 403, keys=("base",), method="POST", admin=422),
    page("collection-sharing-open", 403, keys=("base",), method="POST", admin=302),
    page("conversation-sharing", keys=("conversation",), colleague=OWN, admin=200),
    page("conversation-sharing", 422, keys=("conversation",), colleague=OWN, method="POST", admin=422),
    page("conversation-sharing-end", 422, keys=("conversation",), colleague=OWN, method="POST", admin=422),
    page("conversation-sharing-open", 302, keys=("conversation",), colleague=OWN, method="POST", admin=302),
    page("member", keys=("person",), colleague=OWN, admin=200),
    page("member-roles", 403, keys=("person",), colleague=OWN, method="POST", admin=422),
    page("member-suspend", 403, keys=("person",), colleague=OWN, method="POST", admin=302),
    page("invitation-again", 404, keys=("invitation",), method="POST", admin=302),
    page("invitation-revoke", 404, keys=("invitation",), method="POST", admin=302),
    page("invitation", 404, keys=("token",), anonymous=404),
    page("settings", 403, admin=200),
    page("support", 403, admin=200),
    page("support", 403, method="POST", admin=422),
    page("support-end", 403, keys=("support",), outsider=403, method="POST", admin=302),
    page("support-enter", 404, keys=("token",), anonymous=404),
    page("support-enter", 404, keys=("token",), method="POST", anonymous=404),
    page("features", 403, admin=200),
    page("features", 403, method="POST", admin=302),
    page("profile"),
    page("profile", 422, method="POST"),
    page("sessions-end", 302, method="POST"),
    page("member-reset-factors", 403, keys=("person",), colleague=OWN, method="POST", admin=302),
    page("account_change_password", 200),
    page("sso", 403, admin=200),
    page("sso-new", 403, admin=200),
    page("sso-new", 403, method="POST", admin=422),
    page("sso-edit", 403, keys=("sso",), outsider=403, admin=200),
    page("sso-remove", 403, keys=("sso",), outsider=403, method="POST", admin=302),
    page("openid_connect_login", 404, keys=("unknown",), anonymous=404),
    page("openid_connect_callback", 404, keys=("unknown",), anonymous=404),
    page("saml_login", 404, keys=("unknown",), anonymous=404),
    page("saml_acs", 302, keys=("unknown",), anonymous=302, outsider=302, method="POST"),
    page("saml_finish_acs", 404, keys=("unknown",), anonymous=404),
    page("saml_sls", 404, keys=("unknown",), anonymous=404),
    page("saml_metadata", 404, keys=("unknown",), anonymous=404),
    page("github_login", 404, anonymous=404),
    page("github_callback", 404, anonymous=404),
    page("socialaccount_login_cancelled", anonymous=200),
    page("socialaccount_login_error", 401, anonymous=401),
    page("mfa_index"),
    page("mfa_authenticate", 302),
    page("mfa_reauthenticate", 302),
    page("mfa_activate_totp", 302),
    page("mfa_deactivate_totp", 404),
    page("mfa_view_recovery_codes", 404),
    page("mfa_generate_recovery_codes", 302),
    page("mfa_download_recovery_codes", 404),
    page("mfa_list_webauthn"),
    page("mfa_add_webauthn", 302),
    page("mfa_reauthenticate_webauthn", 302),
    Route("mfa_edit_webauthn", "GET", 302, 302, 302, 302, keys=("number",)),
    Route("mfa_remove_webauthn", "GET", 302, 302, 302, 302, keys=("number",)),
    page("mfa_login_webauthn", 302),
    page("keys"),
    page("keys", 422, method="POST"),
    page("key-revoke", 302, keys=("key",), colleague=OWN, method="POST"),
    page("key-rotate", keys=("key",), colleague=OWN, method="POST"),
    page("service-account-make", 422, method="POST"),
    page("audit", 403, admin=200),
    page("audit-export", 403, method="POST", admin=200),
    page("security", 403, admin=200),
    page("security-handle", 404, keys=("noticed",), method="POST", admin=302),
    page("alerts", 403, admin=200),
    page("alerts", 403, method="POST", admin=422),
    page("alert-remove", 403, keys=("channel",), outsider=403, method="POST", admin=302),
    page("alert-test", 403, keys=("channel",), outsider=403, method="POST", admin=302),
    page("alert-again", 403, keys=("alert",), outsider=403, method="POST", admin=409),
    page("admin-login", 403),
    page("admin-login", 403, method="POST"),
    page("account_login", 302, anonymous=200),
    page("account_logout", 200, anonymous=302),
    page("account_signup", 302, anonymous=200),
    page("account_inactive", 200, anonymous=200),
    page("account_reauthenticate", 200),
    page("account_reset_password", 200, anonymous=200),
    page("account_reset_password_done", 200, anonymous=200),
    page("account_reset_password_from_key_done", 200, anonymous=200),
    Route("account_reset_password_from_key", "GET", 200, 200, 200, 200, keys=("reset",)),
    api("openapi"),
    page("api-docs", anonymous=200),
    page("api-redoc", anonymous=200),
    api("api-login", 401, method="POST", body={"email": "a@b.example", "password": "x"}),
    api("api-refresh", 401, method="POST", body={"refresh": "x"}),
    api("api-logout", 401, method="POST", body={"refresh": "x"}),
    api("api-me"),
    page("api-register", 422, method="POST", anonymous=422, body={"email": "a@b.example"}),
    page("api-register-confirm", 404, method="POST", anonymous=404, body={"token": "x", "name": "x", "password": "x"}),
    page("api-password-reset", 202, method="POST", anonymous=202, body={"email": "a@b.example"}),
    page(
        "api-password-reset-confirm", 404, method="POST", anonymous=404, body={"uid": "x", "key": "x", "password": "x"}
    ),
    api("api-users", admin=200),
    api("api-user", keys=("person",), colleague=OWN, admin=200),
    api("api-user", 403, OWN, keys=("person",), method="PATCH", body={"is_active": False}, admin=200),
    api("api-invitations", admin=200),
    api("api-invitations", 403, method="POST", body={"email": "x@y.example", "roles": ["member"]}, admin=201),
    *(
        api(f"scim-{name}", 403, keys=keys, method=method, outsider=403, admin=403)
        for name, keys, methods in (
            ("users", (), "GET POST"),
            ("user", ("person",), "GET PUT PATCH DELETE"),
            ("groups", (), "GET POST"),
            ("group", ("group",), "GET PUT PATCH DELETE"),
            ("schemas", (), "GET"),
            ("schema", ("slug",), "GET"),
            ("resource-types", (), "GET"),
            ("resource-type", ("slug",), "GET"),
            ("config", (), "GET"),
        )
        for method in methods.split()
    ),
    api("api-sso-providers", 403, admin=200),
    api("api-sso-providers", 403, method="POST", admin=422),
    api("api-sso-provider", 403, keys=("sso",), outsider=403, method="PUT", admin=422),
    api("api-sso-provider", 403, keys=("sso",), outsider=403, method="DELETE", admin=204),
    api("api-groups", 403, admin=200),
    api("api-groups", 403, method="POST", body={"name": "x", "members": []}, admin=201),
    api("api-group", 403, keys=("group",), outsider=403, method="PUT", admin=422),
    api("api-group", 403, keys=("group",), outsider=403, method="DELETE", admin=204),
    api("api-roles", 403, admin=200),
    api("api-roles", 403, method="POST", body={"name": "x", "rights": ["audit.view_auditevent"]}, admin=201),
    api("api-role", 403, keys=("role",), outsider=403, method="PUT", admin=422),
    api("api-role", 403, keys=("role",), outsider=403, method="DELETE", admin=204),
    api("api-access-requests"),
    api("api-access-requests", 201, method="POST", body={"path": "/members/"}),
    api("api-access-request", 403, OWN, keys=("asked",), method="PATCH", body={"is_granted": True}, admin=200),
    *(
        route
        for name, key in (("agent", "agent"), ("knowledge-base", "base"))
        for route in (
            api(f"api-{name}-grants", 403, keys=(key,), admin=200),
            api(f"api-{name}-grants", 403, keys=(key,), method="POST", admin=422),
            api(f"api-{name}-grant", 403, keys=(key, "unknown"), method="DELETE", admin=404),
            api(f"api-{name}-access", 403, keys=(key,), admin=200),
            api(f"api-{name}-access", 403, keys=(key,), method="PUT", body={"is_open": False}, admin=200),
            api(f"api-{name}-why", 403, keys=(key,), admin=422),
        )
    ),
    api("api-conversation-grants", keys=("conversation",), colleague=OWN, admin=200),
    api("api-conversation-grants", 422, keys=("conversation",), colleague=OWN, method="POST", admin=422),
    api("api-conversation-grant", 404, keys=("conversation", "unknown"), method="DELETE", admin=404),
    api("api-conversation-access", keys=("conversation",), colleague=OWN, admin=200),
    api("api-conversation-access", 200, OWN, keys=("conversation",), method="PUT", body={"is_open": False}, admin=200),
    api("api-conversation-why", 422, keys=("conversation",), colleague=OWN, admin=422),
    api("api-invitation", 404, keys=("invitation",), method="DELETE", admin=204),
    api("api-company", 403, admin=200),
    api("api-company", 403, method="PATCH", body={"key": "nothing", "value": 1}, admin=422),
    api("api-organizations"),
    api("api-organization", keys=("tenant",)),
    api("api-organization", 403, keys=("tenant",), method="PATCH", body={"name": "Acme"}, admin=200),
    api("api-support", 403, admin=200),
    api("api-support", 403, method="POST", admin=422),
    api("api-support-access", 403, keys=("support",), outsider=403, method="DELETE", admin=204),
    api("api-features", 403, admin=200),
    api("api-features", 403, method="PATCH", body={"flag": "nothing", "is_on": True}, admin=422),
    api("api-keys"),
    api("api-keys", 422, method="POST"),
    api("api-key-rotate", 201, keys=("key",), colleague=OWN, method="POST"),
    api("api-key", 204, keys=("key",), colleague=OWN, method="DELETE"),
    api("api-audit", 403, admin=200),
    api("api-audit-export", 403, method="POST", admin=200),
    api("api-security-events", 403, admin=200),
    api("api-security-summary", 403, admin=200),
    api("api-security-event", 404, keys=("noticed",), method="PATCH", body={"is_handled": True}, admin=200),
    api("api-alert-channels", 403, admin=200),
    api("api-alert-channels", 403, method="POST", admin=422),
    api("api-alert-channel", 403, keys=("channel",), outsider=403, method="DELETE", admin=204),
    api("api-alert-trial", 403, keys=("channel",), outsider=403, method="POST", admin=202),
    api("api-alerts", 403, keys=("channel",), outsider=403, admin=200),
    api("api-alert-again", 403, keys=("channel", "alert"), outsider=403, method="POST", admin=409),
    api("api-knowledge-bases"),
    api("api-upload", 422, method="POST", is_multipart=True),
    api("api-documents"),
    api("api-document", keys=("document",)),
    api("api-document", 200, 403, keys=("document",), method="PATCH", body={"tags": ["policy"]}),
    api("api-document", 204, 403, keys=("spare",), method="DELETE"),
    api("api-document-retry", 409, 403, keys=("document",), method="POST"),
    api("api-search", method="POST", body={"query": "leave"}),
    Route("api-search", "POST", 200, 200, 401, 404, body={"query": "leave", "knowledge_base": "base"}),
    api("api-agents"),
    api("api-agent", keys=("agent",)),
    api("api-agent-settings", 403, keys=("agent",), admin=200),
    api("api-agent-settings", 403, keys=("agent",), method="PATCH", body={"key": "nothing", "value": 1}, admin=422),
    api("api-runs"),
    api("api-run", keys=("run",), colleague=OWN),
    api("api-run-cancel", 409, keys=("run",), colleague=OWN, method="POST"),
    api("api-run-again", 409, keys=("run",), colleague=OWN, method="POST"),
    api("api-run-events", keys=("run",), colleague=OWN),
    api("api-chat", 422, keys=("agent",), method="POST", body={"text": ""}),
    api("api-chat", 202, 404, keys=("agent",), method="POST", body={"text": "Hi", "conversation": "conversation"}),
    api("api-conversations"),
    api("api-conversation", keys=("conversation",), colleague=OWN),
    api("api-conversation", 200, OWN, keys=("conversation",), method="PATCH", body={"title": "New"}),
    api("api-conversation", 204, OWN, keys=("conversation",), method="DELETE"),
    api("api-messages", keys=("conversation",), colleague=OWN),
    api("api-messages", 422, OWN, keys=("conversation",), method="POST", body={"text": ""}),
    api("api-message", keys=("conversation", "message"), colleague=OWN),
    api("api-message-again", 202, OWN, keys=("conversation", "message"), method="POST"),
    api("api-message-show", 200, OWN, keys=("conversation", "message"), method="POST"),
]
PUBLIC_STATUS = {"openapi": 200, "api-login": 401, "api-refresh": 401, "api-logout": 401}


@dataclass(frozen=True)
class PlatformRoute:
    """A route of the platform's own site: expected status for anonymous, an operator, and a tenant's administrator."""

    name: str
    anonymous: int
    operator: int
    method: str = "GET"
    keys: tuple = ()
    body: dict = field(default_factory=dict)


NEW_TENANT = {"slug": "a", "name": "A", "owner_email": "a@b.example", "owner_name": "A"}
PLATFORM_ROUTES = [
    PlatformRoute("platform", 200, 200),
    PlatformRoute("tenant-sign-up", 200, 200),
    PlatformRoute("tenant-sign-up", 422, 422, "POST"),
    PlatformRoute("tenant-sign-up-state", 200, 200, keys=("tenant",)),
    PlatformRoute("tenant-sign-up-state", 404, 404, keys=("unknown",)),
    PlatformRoute("preferences", 302, 302, "POST", body={"theme": "dark"}),
    PlatformRoute("admin-login", 302, 403),
    PlatformRoute("admin-login", 302, 403, "POST"),
    PlatformRoute("account_login", 200, 302),
    PlatformRoute("openapi", 200, 200),
    PlatformRoute("api-docs", 200, 200),
    PlatformRoute("health-live", 200, 200),
    PlatformRoute("health-ready", 503, 503),
    PlatformRoute("api-login", 401, 401, "POST", body={"email": "a@b.example", "password": "x"}),
    PlatformRoute("api-refresh", 401, 401, "POST", body={"refresh": "x"}),
    PlatformRoute("api-logout", 401, 401, "POST", body={"refresh": "x"}),
    PlatformRoute("api-me", 401, 200),
    PlatformRoute("api-platform-tenants", 401, 200),
    PlatformRoute("api-platform-tenants", 401, 422, "POST", body=NEW_TENANT),
    PlatformRoute("api-platform-tenant", 401, 200, keys=("slug",)),
    PlatformRoute("operations", 302, 200),
    PlatformRoute("operations-enter", 302, 404, "POST", keys=("unknown",)),
    PlatformRoute("account_logout", 302, 200),
    PlatformRoute("account_reauthenticate", 302, 200),
    PlatformRoute("mfa_index", 302, 200),
    PlatformRoute("mfa_authenticate", 302, 302),
    PlatformRoute("mfa_reauthenticate", 302, 302),
    PlatformRoute("mfa_activate_totp", 302, 302),
    PlatformRoute("mfa_deactivate_totp", 302, 404),
    PlatformRoute("mfa_view_recovery_codes", 302, 404),
    PlatformRoute("mfa_generate_recovery_codes", 302, 302),
    PlatformRoute("mfa_download_recovery_codes", 302, 404),
    PlatformRoute("mfa_list_webauthn", 302, 200),
    PlatformRoute("mfa_add_webauthn", 302, 302),
    PlatformRoute("mfa_reauthenticate_webauthn", 302, 302),
    PlatformRoute("mfa_edit_webauthn", 302, 302, keys=("number",)),
    PlatformRoute("mfa_remove_webauthn", 302, 302, keys=("number",)),
    PlatformRoute("mfa_login_webauthn", 302, 302),
    PlatformRoute("api-organizations", 401, 200),
    PlatformRoute("api-organization", 401, 200, keys=("tenant",)),
    PlatformRoute("api-platform-support", 401, 200),
    PlatformRoute("api-platform-support-ticket", 401, 404, "POST", keys=("unknown",)),
    PlatformRoute("api-platform-features", 401, 200),
    PlatformRoute("api-platform-features", 401, 422, "PUT", body={"flag": "nothing", "is_on": True}),
    PlatformRoute("api-platform-feature", 401, 404, "DELETE", keys=("unknown",)),
]
