"""Members and invitations for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Invitation, User
from apps.accounts.roles import role_keys, roles_named
from apps.accounts.services import members
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view


class MemberSerializer(serializers.ModelSerializer):
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "email", "name", "is_active", "roles", "last_login", "created_at")
        read_only_fields = fields

    def get_roles(self, user: User) -> list[str]:
        """Return `owner`, `admin`, `builder`, `member`, `auditor`, and custom roles by name."""
        return role_keys(user.groups.all())


class MemberInput(serializers.Serializer):
    roles = serializers.ListField(child=serializers.CharField(), required=False)
    is_active = serializers.BooleanField(required=False, help_text="False suspends: out at once, everywhere.")


class InvitationSerializer(serializers.ModelSerializer):
    roles = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = ("id", "email", "roles", "invited_by", "created_at", "expires_at")
        read_only_fields = fields

    def get_roles(self, invitation: Invitation) -> list[str]:
        return role_keys(invitation.roles.all())


class InvitationInput(serializers.Serializer):
    email = serializers.EmailField()
    roles = serializers.ListField(child=serializers.CharField())


@extend_schema(tags=["users"], responses=paged(MemberSerializer), parameters=[OpenApiParameter("q", str)])
@api_view(["GET"])
def users(request: Request) -> Response:
    """List the members that you may see (`q`: words of name or address); without that right, yourself."""
    found = User.objects.visible_to(request.user).matching(request.query_params.get("q", ""))
    return listed(request, found.prefetch_related("groups__role"), MemberSerializer)


@extend_schema(tags=["users"], methods=["GET"], responses=MemberSerializer)
@extend_schema(tags=["users"], methods=["PATCH"], request=MemberInput, responses=MemberSerializer)
@api_view(["GET", "PATCH"])
def user(request: Request, pk: Any) -> Response:
    """Read a member, or change their roles and whether they may come in."""
    found = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    if request.method == "PATCH":
        values = checked(MemberInput, request.data)
        if "roles" in values:
            values["roles"] = roles_named(values["roles"])
        members.change_member(actor=request.user, user=found, **values)
    return Response(MemberSerializer(found).data)


@extend_schema(tags=["users"], methods=["GET"], responses=paged(InvitationSerializer))
@extend_schema(tags=["users"], methods=["POST"], request=InvitationInput, responses={201: InvitationSerializer})
@api_view(["GET", "POST"])
def invitations(request: Request) -> Response:
    """List invitations that nobody accepted yet, or send one; the link goes to the address alone."""
    if request.method == "POST":
        values = checked(InvitationInput, request.data)
        roles = roles_named(values["roles"])
        invitation = members.invite(actor=request.user, email=values["email"], roles=roles)
        return Response(InvitationSerializer(invitation).data, status=201)
    found = Invitation.objects.visible_to(request.user).unanswered().prefetch_related("roles__role")
    return listed(request, found, InvitationSerializer)


@extend_schema(tags=["users"], responses={204: None})
@api_view(["DELETE"])
def invitation(request: Request, pk: Any) -> Response:
    """Take an invitation back."""
    found = get_object_or_404(Invitation.objects.visible_to(request.user).unanswered(), pk=pk)
    members.revoke_invitation(actor=request.user, invitation=found)
    return Response(status=204)


urlpatterns = [
    path("users/", users, name="api-users"),
    path("users/<uuid:pk>", user, name="api-user"),
    path("invitations/", invitations, name="api-invitations"),
    path("invitations/<uuid:pk>", invitation, name="api-invitation"),
]
