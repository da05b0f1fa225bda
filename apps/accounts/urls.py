"""Addresses of members, roles, invitations and API keys."""

from allauth.idp.oidc.views import client_registration, revoke
from django.urls import path

from apps.accounts.views import groups, keys, members, profile, programs, sharing, single_sign_on, support

urlpatterns = [
    path("members/", members.member_list, name="members"),
    path("members/invite/", members.member_invite, name="member-invite"),
    path("members/roles/", groups.role_list, name="roles"),
    path("members/roles/new/", groups.role_edit, name="role-new"),
    path("members/roles/<int:pk>/", groups.role_edit, name="role-edit"),
    path("members/roles/<int:pk>/remove/", groups.role_remove, name="role-remove"),
    path("members/groups/", groups.group_list, name="groups"),
    path("members/groups/new/", groups.group_edit, name="group-new"),
    path("members/groups/<int:pk>/", groups.group_edit, name="group-edit"),
    path("members/groups/<int:pk>/remove/", groups.group_remove, name="group-remove"),
    path("members/requests/", sharing.request_list, name="access-requests"),
    path("members/requests/<uuid:pk>/", sharing.request_answer, name="access-answer"),
    path("access/ask/", sharing.access_ask, name="access-ask"),
    path("members/invitations/<uuid:pk>/again/", members.invitation_again, name="invitation-again"),
    path("members/invitations/<uuid:pk>/revoke/", members.invitation_revoke, name="invitation-revoke"),
    path("members/<uuid:pk>/", members.member_detail, name="member"),
    path("members/<uuid:pk>/roles/", members.member_roles, name="member-roles"),
    path("members/<uuid:pk>/suspend/", members.member_suspend, name="member-suspend"),
    path("account/", profile.profile, name="profile"),
    path("account/sessions/end/", profile.sessions_end, name="sessions-end"),
    path("preferences/", profile.preferences, name="preferences"),
    path("members/<uuid:pk>/second-factors/", members.member_reset_factors, name="member-reset-factors"),
    path("settings/sso/", single_sign_on.provider_list, name="sso"),
    path("settings/sso/new/", single_sign_on.provider_edit, name="sso-new"),
    path("settings/sso/<uuid:pk>/", single_sign_on.provider_edit, name="sso-edit"),
    path("settings/sso/<uuid:pk>/remove/", single_sign_on.provider_remove, name="sso-remove"),
    path("settings/support/", support.support_list, name="support"),
    path("settings/support/<uuid:pk>/end/", support.support_end, name="support-end"),
    path("support/<str:ticket>/", support.support_enter, name="support-enter"),
    path("keys/", keys.key_list, name="keys"),
    path("keys/<uuid:pk>/rotate/", keys.key_rotate, name="key-rotate"),
    path("keys/<uuid:pk>/revoke/", keys.key_revoke, name="key-revoke"),
    path("keys/programs/<uuid:pk>/put-out/", programs.program_put_out, name="program-put-out"),
    path(".well-known/oauth-protected-resource", programs.while_let_in(programs.resource), name="oauth-resource"),
    path(
        ".well-known/oauth-protected-resource/mcp", programs.while_let_in(programs.resource), name="oauth-resource-mcp"
    ),
    path(".well-known/oauth-authorization-server", programs.while_let_in(programs.server), name="oauth-server"),
    path("oauth/authorize", programs.while_let_in(programs.Authorize.as_view()), name="oauth-authorize"),
    path("oauth/token", programs.while_let_in(programs.Tokens.as_view()), name="oauth-token"),
    path("oauth/revoke", programs.while_let_in(revoke), name="oauth-revoke"),
    path("oauth/register", programs.while_let_in(client_registration), name="oauth-register"),
    path("keys/service-accounts/", keys.service_account_make, name="service-account-make"),
    path("invitation/<str:token>/", members.invitation_accept, name="invitation"),
]
