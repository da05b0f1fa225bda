"""Addresses of members, roles and invitations."""

from django.urls import path

from apps.accounts import views

urlpatterns = [
    path("members/", views.member_list, name="members"),
    path("members/invite/", views.member_invite, name="member-invite"),
    path("members/roles/", views.role_list, name="roles"),
    path("members/invitations/<uuid:pk>/again/", views.invitation_again, name="invitation-again"),
    path("members/invitations/<uuid:pk>/revoke/", views.invitation_revoke, name="invitation-revoke"),
    path("members/<uuid:pk>/", views.member_detail, name="member"),
    path("members/<uuid:pk>/roles/", views.member_roles, name="member-roles"),
    path("members/<uuid:pk>/suspend/", views.member_suspend, name="member-suspend"),
    path("invitation/<str:token>/", views.invitation_accept, name="invitation"),
]
