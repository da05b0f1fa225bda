"""Organisations for operators, on the platform's own host."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import permission_classes
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.errors import Conflict
from apps.core.tenancy import has_tenant
from apps.tenants import services
from apps.tenants.models import Tenant


class IsOperator(BasePermission):
    """Somebody with an account of the platform itself."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return not has_tenant() and bool(request.user.is_superuser)


class TenantSerializer(serializers.ModelSerializer):
    plan = serializers.CharField(source="plan.name", default=None, allow_null=True, read_only=True)
    domains: serializers.SlugRelatedField = serializers.SlugRelatedField(slug_field="domain", many=True, read_only=True)

    class Meta:
        model = Tenant
        fields = ("id", "slug", "name", "state", "plan", "domains", "created_at")
        read_only_fields = fields


class TenantInput(serializers.Serializer):
    slug = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=120)
    owner_email = serializers.EmailField()
    owner_name = serializers.CharField(max_length=120)


@extend_schema(
    tags=["platform"], methods=["GET"], responses=paged(TenantSerializer), parameters=[OpenApiParameter("q", str)]
)
@extend_schema(
    tags=["platform"],
    methods=["POST"],
    request=TenantInput,
    responses={202: TenantSerializer, 200: TenantSerializer},
)
@api_view(["GET", "POST"])
@permission_classes([IsOperator])
def tenants(request: Request) -> Response:
    """List organisations, newest first (`q`: words of the name), or have one set up in the background.

    The same slug and name answer 200 with the organisation that stands; its owner is sent a link to set a password.
    """
    if request.method == "POST":
        return _request(request)
    found = (
        Tenant.objects.filter(name__icontains=request.query_params.get("q", ""))
        .select_related("plan")
        .prefetch_related("domains")
    )
    return listed(request, found, TenantSerializer)


def _request(request: Request) -> Response:
    values = checked(TenantInput, request.data)
    known = Tenant.objects.filter(slug=values["slug"]).first()
    if known is not None:
        if known.name != values["name"]:
            raise Conflict("There is an organisation of another name at this address.", code="slug_taken")
        return Response(TenantSerializer(known).data)
    tenant = services.request_tenant(
        slug=values["slug"],
        name=values["name"],
        email=values["owner_email"],
        person=values["owner_name"],
        actor=request.user,
    )
    return Response(TenantSerializer(tenant).data, status=202)


@extend_schema(tags=["platform"], responses=TenantSerializer)
@api_view(["GET"])
@permission_classes([IsOperator])
def tenant(request: Request, slug: Any) -> Response:
    """Read one organisation; its state is `active` once people can sign in."""
    return Response(TenantSerializer(get_object_or_404(Tenant, slug=slug)).data)


urlpatterns = [
    path("platform/tenants", tenants, name="api-platform-tenants"),
    path("platform/tenants/<slug:slug>", tenant, name="api-platform-tenant"),
]
