"""Sign-in for API clients: tokens in, tokens out."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import services
from apps.accounts.models import User


class LoginInput(serializers.Serializer):
    email = serializers.EmailField()
    password = serializers.CharField(max_length=256, trim_whitespace=False)


class RefreshInput(serializers.Serializer):
    refresh = serializers.CharField(max_length=4096)


class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id", "email", "name", "language", "time_zone", "theme")
        read_only_fields = fields


class TokensSerializer(serializers.Serializer):
    access = serializers.CharField(help_text="Bearer token, 15 minutes.")
    refresh = serializers.CharField(help_text="One use, 14 days.")
    user = PersonSerializer()


def _checked(serializer_class: type[serializers.Serializer], request: Request) -> dict[str, str]:
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


@extend_schema(tags=["auth"], request=LoginInput, responses=TokensSerializer, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def login(request: Request) -> Response:
    """Trade e-mail and password for tokens."""
    pair = services.sign_in_for_tokens(request=request._request, **_checked(LoginInput, request))
    return Response(TokensSerializer(pair).data)


@extend_schema(tags=["auth"], request=RefreshInput, responses=TokensSerializer, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def refresh(request: Request) -> Response:
    """Trade a refresh token for a new pair; the old one is spent."""
    return Response(TokensSerializer(services.refresh_tokens(**_checked(RefreshInput, request))).data)


@extend_schema(tags=["auth"], request=RefreshInput, responses={204: None}, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def logout(request: Request) -> Response:
    """Spend a refresh token, so that it cannot be used again."""
    services.sign_out(request=request._request, **_checked(RefreshInput, request))
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
