"""Sign-in for API clients: tokens in, tokens out."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.accounts.roles import role_keys
from apps.accounts.services import sign_in as services
from apps.core.api import checked
from apps.core.endpoints import api_view


class LoginInput(serializers.Serializer):
    example = {"email": "jonas@acme.example", "password": "seven-wet-lanterns-hum"}

    email = serializers.EmailField()
    password = serializers.CharField(max_length=256, trim_whitespace=False)
    code = serializers.CharField(
        max_length=20, default="", help_text="Of the authenticator app, or a recovery code; after `mfa_required`."
    )


class RefreshInput(serializers.Serializer):
    refresh = serializers.CharField(max_length=4096)


class PersonSerializer(serializers.ModelSerializer):
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "email", "name", "language", "time_zone", "theme", "roles")
        read_only_fields = fields

    def get_roles(self, user: User) -> list[str]:
        return role_keys(user.groups.all())


class TokensSerializer(serializers.Serializer):
    access = serializers.CharField(help_text="Bearer token, 15 minutes.")
    refresh = serializers.CharField(help_text="One use, 14 days.")
    user = PersonSerializer()


@extend_schema(tags=["auth"], request=LoginInput, responses=TokensSerializer, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def login(request: Request) -> Response:
    """Trade e-mail and password for tokens."""
    pair = services.sign_in_for_tokens(request=request._request, **checked(LoginInput, request.data))
    return Response(TokensSerializer(pair).data)


@extend_schema(tags=["auth"], request=RefreshInput, responses=TokensSerializer, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def refresh(request: Request) -> Response:
    """Trade a refresh token for a new pair; the old one is spent."""
    return Response(TokensSerializer(services.refresh_tokens(**checked(RefreshInput, request.data))).data)


@extend_schema(tags=["auth"], request=RefreshInput, responses={204: None}, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def logout(request: Request) -> Response:
    """Spend a refresh token, so that it cannot be used again."""
    services.sign_out(request=request._request, **checked(RefreshInput, request.data))
    return Response(status=204)


@extend_schema(tags=["auth"], responses=PersonSerializer)
@api_view(["GET"])
def me(request: Request) -> Response:
    """Return the person behind the token."""
    return Response(PersonSerializer(request.user).data)


urlpatterns = [
    path("auth/login", login, name="api-login"),
    path("auth/refresh", refresh, name="api-refresh"),
    path("auth/logout", logout, name="api-logout"),
    path("auth/me", me, name="api-me"),
]
