"""API keys for API clients; a key cannot make or revoke keys, a signed-in person can."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import ApiKey, User
from apps.accounts.scopes import SCOPES
from apps.accounts.services import keys
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view


class ApiKeySerializer(serializers.ModelSerializer):
    class Meta:
        model = ApiKey
        fields = (
            *("id", "account", "name", "prefix", "scopes", "addresses", "must_sign", "created_at", "expires_at"),
            *("revoked_at", "last_used_at", "last_used_from"),
        )
        read_only_fields = fields


class NewKeySerializer(serializers.Serializer):
    key = ApiKeySerializer()
    text = serializers.CharField(help_text="The key itself, shown this once.")
    signing_secret = serializers.CharField(
        help_text="For signing requests, shown this once; empty without `must_sign`."
    )


class KeyInput(serializers.Serializer):
    example = {"name": "Nightly report", "scopes": ["agents:read", "agents:write"]}

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(list(SCOPES)))
    account = serializers.UUIDField(required=False, help_text="A service account; default: your own.")
    addresses = serializers.ListField(child=serializers.CharField(), default=list, help_text="CIDR; none: anywhere.")
    expires_at = serializers.DateTimeField(default=None)
    must_sign = serializers.BooleanField(default=False)


@extend_schema(tags=["api-keys"], methods=["GET"], responses=paged(ApiKeySerializer))
@extend_schema(tags=["api-keys"], methods=["POST"], request=KeyInput, responses={201: NewKeySerializer})
@api_view(["GET", "POST"])
def api_keys(request: Request) -> Response:
    """List the keys that you may see, or make one."""
    if request.method == "GET":
        return listed(request, ApiKey.objects.visible_to(request.user), ApiKeySerializer)
    values = checked(KeyInput, request.data)
    if "account" in values:
        services = User.objects.visible_to(request.user).service_accounts()
        values["account"] = get_object_or_404(services, pk=values["account"])
    made = keys.make_key(actor=request.user, **values)
    return Response(NewKeySerializer(made).data, status=201)


@extend_schema(tags=["api-keys"], responses={204: None})
@api_view(["DELETE"])
def api_key(request: Request, pk: Any) -> Response:
    """Revoke a key; it opens nothing from the next request on."""
    keys.revoke_key(actor=request.user, key=get_object_or_404(ApiKey.objects.visible_to(request.user), pk=pk))
    return Response(status=204)


@extend_schema(tags=["api-keys"], request=None, responses={201: NewKeySerializer})
@api_view(["POST"])
def rotate(request: Request, pk: Any) -> Response:
    """Make a key like this one, which opens for one more day."""
    made = keys.rotate_key(actor=request.user, key=get_object_or_404(ApiKey.objects.visible_to(request.user), pk=pk))
    return Response(NewKeySerializer(made).data, status=201)


urlpatterns = [
    path("api-keys/", api_keys, name="api-keys"),
    path("api-keys/<uuid:pk>", api_key, name="api-key"),
    path("api-keys/<uuid:pk>/rotate", rotate, name="api-key-rotate"),
]
