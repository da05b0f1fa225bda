"""Ways in for people who have no account or lost their password, for API clients that bring their own pages."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.sign_in import PersonSerializer
from apps.accounts.services import entrance
from apps.core.api import checked
from apps.core.endpoints import api_view
from apps.core.limits import client_address


class AddressInput(serializers.Serializer):
    email = serializers.EmailField()


class AcceptInput(serializers.Serializer):
    token = serializers.CharField(max_length=100, help_text="From the link in the message: /invitation/<token>/")
    name = serializers.CharField(max_length=120)
    password = serializers.CharField(max_length=256, trim_whitespace=False)


class ResetInput(serializers.Serializer):
    uid = serializers.CharField(max_length=100, help_text="From the link: /accounts/password/reset/key/<uid>-<key>/")
    key = serializers.CharField(max_length=200)
    password = serializers.CharField(max_length=256, trim_whitespace=False)


@extend_schema(tags=["auth"], request=AddressInput, responses={202: None}, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def register(request: Request) -> Response:
    """Have a link sent that makes an account, where the address's domain may join by itself. It does not tell who has one."""
    entrance.ask_to_join(address=client_address(request._request), **checked(AddressInput, request.data))
    return Response(status=202)


@extend_schema(tags=["auth"], request=AcceptInput, responses={201: PersonSerializer}, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def register_confirm(request: Request) -> Response:
    """Make the account that an invitation or a link offers; then sign in with it."""
    user = entrance.join(address=client_address(request._request), **checked(AcceptInput, request.data))
    return Response(PersonSerializer(user).data, status=201)


@extend_schema(tags=["auth"], request=AddressInput, responses={202: None}, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def password_reset(request: Request) -> Response:
    """Have a link sent that sets a new password. It does not tell whether there is an account."""
    entrance.ask_for_reset(request=request._request, **checked(AddressInput, request.data))
    return Response(status=202)


@extend_schema(tags=["auth"], request=ResetInput, responses={204: None}, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def password_reset_confirm(request: Request) -> Response:
    """Set a new password with what stands in the link; every token and browser is signed out."""
    entrance.reset_password(request=request._request, **checked(ResetInput, request.data))
    return Response(status=204)


urlpatterns = [
    path("auth/register", register, name="api-register"),
    path("auth/register/confirm", register_confirm, name="api-register-confirm"),
    path("auth/password-reset", password_reset, name="api-password-reset"),
    path("auth/password-reset/confirm", password_reset_confirm, name="api-password-reset-confirm"),
]
