"""Single sign-on for API clients: the providers of the organisation."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import IdentityProvider
from apps.accounts.services import single_sign_on
from apps.core.api import checked
from apps.core.endpoints import api_view
from apps.core.permissions import require

FIELDS = ("id", "key", *single_sign_on.FIELDS, "created_at")


class ProviderSerializer(serializers.ModelSerializer):
    class Meta:
        model = IdentityProvider
        fields = FIELDS
        read_only_fields = FIELDS


class ProviderInput(serializers.Serializer):
    kind = serializers.ChoiceField(IdentityProvider.Kind.choices)
    name = serializers.CharField(max_length=60)
    client_id = serializers.CharField(max_length=200, default="", allow_blank=True)
    secret = serializers.CharField(max_length=500, default="", allow_blank=True, help_text="Written, never shown.")
    server_url = serializers.CharField(max_length=300, default="", allow_blank=True)
    entity_id = serializers.CharField(max_length=300, default="", allow_blank=True)
    sso_url = serializers.CharField(max_length=300, default="", allow_blank=True)
    certificate = serializers.CharField(max_length=20_000, default="", allow_blank=True)
    group_claim = serializers.CharField(max_length=200, default="", allow_blank=True)
    group_roles = serializers.DictField(child=serializers.CharField(max_length=80), default=dict)
    domains = serializers.ListField(child=serializers.CharField(max_length=253), default=list, max_length=100)
    creates_accounts = serializers.BooleanField(default=True)
    is_active = serializers.BooleanField(default=True)


@extend_schema(tags=["organizations"], methods=["GET"], responses=ProviderSerializer(many=True))
@extend_schema(tags=["organizations"], methods=["POST"], request=ProviderInput, responses={201: ProviderSerializer})
@api_view(["GET", "POST"])
def providers(request: Request) -> Response:
    """List the providers of single sign-on, or set one up."""
    require(request.user, "accounts.manage_sign_on")
    if request.method == "POST":
        return Response(ProviderSerializer(_save(request)).data, status=201)
    return Response(ProviderSerializer(IdentityProvider.objects.all(), many=True).data)


def _save(request: Request, row: IdentityProvider | None = None) -> IdentityProvider:
    values = checked(ProviderInput, request.data)
    secret = values.pop("secret")
    return single_sign_on.save_provider(actor=request.user, values=values, secret=secret, provider=row)


@extend_schema(tags=["organizations"], methods=["PUT"], request=ProviderInput, responses=ProviderSerializer)
@extend_schema(tags=["organizations"], methods=["DELETE"], responses={204: None})
@api_view(["PUT", "DELETE"])
def provider(request: Request, pk: Any) -> Response:
    """Change a provider (an empty secret keeps the stored one), or remove it."""
    require(request.user, "accounts.manage_sign_on")
    row = get_object_or_404(IdentityProvider, pk=pk)
    if request.method == "DELETE":
        single_sign_on.remove_provider(actor=request.user, provider=row)
        return Response(status=204)
    return Response(ProviderSerializer(_save(request, row)).data)


urlpatterns = [
    path("sso-providers/", providers, name="api-sso-providers"),
    path("sso-providers/<uuid:pk>", provider, name="api-sso-provider"),
]
