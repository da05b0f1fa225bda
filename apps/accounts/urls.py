"""Addresses of members, roles, invitations and API keys."""

from django.urls import path

from apps.accounts.views import keys, members, profile

urlpatterns = [
    path("members/", members.member_list, name="members"),
    path("members/invite/", members.member_invite, name="member-invite"),
    path("members/roles/", members.role_list, name="roles"),
    path("members/invitations/<uuid:pk>/again/", members.invitation_again, name="invitation-again"),
    path("members/invitations/<uuid:pk>/revoke/", members.invitation_revoke, name="invitation-revoke"),
    path("members/<uuid:pk>/", members.member_detail, name="member"),
    path("members/<uuid:pk>/roles/", members.member_roles, name="member-roles"),
    path("members/<uuid:pk>/suspend/", members.member_suspend, name="member-suspend"),
    path("account/", profile.profile, name="profile"),
    path("account/sessions/end/", profile.sessions_end, name="sessions-end"),
    path("preferences/", profile.preferences, name="preferences"),
    path("members/<uuid:pk>/second-factors/", members.member_reset_factors, name="member-reset-factors"),
    path("keys/", keys.key_list, name="keys"),
    path("keys/<uuid:pk>/revoke/", keys.key_revoke, name="key-revoke"),
    path("keys/service-accounts/", keys.service_account_make, name="service-account-make"),
    path("invitation/<str:token>/", members.invitation_accept, name="invitation"),
]
