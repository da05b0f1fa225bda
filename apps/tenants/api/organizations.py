"""Organisations under the name that clients know from elsewhere: one's own on its host, all of them for operators on the platform's."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.tenancy import current_tenant, public_context
from apps.tenants import services
from apps.tenants.api.platform import IsOperator, TenantSerializer
from apps.tenants.models import Tenant


class RenameOrganizationInput(serializers.Serializer):
    name = serializers.CharField(max_length=120)


def _own() -> Any:
    return Tenant.objects.filter(pk=current_tenant().id).select_related("plan").prefetch_related("domains")


@extend_schema(tags=["organizations"], responses=paged(TenantSerializer))
@api_view(["GET"])
def organizations(request: Request) -> Response:
    """List the organisation that you belong to."""
    found = _own()
    with public_context():
        return listed(request, found, TenantSerializer)


@extend_schema(tags=["organizations"], methods=["GET"], responses=TenantSerializer)
@extend_schema(tags=["organizations"], methods=["PATCH"], request=RenameOrganizationInput, responses=TenantSerializer)
@api_view(["GET", "PATCH"])
def organization(request: Request, pk: Any) -> Response:
    """Read your organisation, or give it another name."""
    found = _own()
    with public_context():
        get_object_or_404(found, pk=pk)
    if request.method == "PATCH":
        services.rename_tenant(actor=request.user, **checked(RenameOrganizationInput, request.data))
    with public_context():
        return Response(TenantSerializer(found.get()).data)


@extend_schema(tags=["organizations"], responses=paged(TenantSerializer), parameters=[OpenApiParameter("q", str)])
@api_view(["GET"])
@permission_classes([IsOperator])
def all_organizations(request: Request) -> Response:
    """List all organisations, newest first (`q`: words of the name)."""
    found = (
        Tenant.objects.filter(name__icontains=request.query_params.get("q", ""))
        .select_related("plan")
        .prefetch_related("domains")
    )
    return listed(request, found, TenantSerializer)


@extend_schema(tags=["organizations"], responses=TenantSerializer)
@api_view(["GET"])
@permission_classes([IsOperator])
def any_organization(request: Request, pk: Any) -> Response:
    """Read one organisation."""
    return Response(TenantSerializer(get_object_or_404(Tenant, pk=pk)).data)


urlpatterns = [
    path("organizations/", organizations, name="api-organizations"),
    path("organizations/<uuid:pk>", organization, name="api-organization"),
]
platform_urlpatterns = [
    path("organizations/", all_organizations, name="api-organizations"),
    path("organizations/<uuid:pk>", any_organization, name="api-organization"),
]
