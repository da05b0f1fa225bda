"""The platform's support for API clients: an organisation lets it in (`config/support`), operators come (`platform/support`)."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.services import support
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.permissions import require
from apps.core.tenancy import public_context
from apps.tenants.api.platform import IsOperator
from apps.tenants.models import SupportAccess

FIELDS = ("id", "role", "reason", "given_by", "created_at", "expires_at", "ended_at", "is_open")


class SupportSerializer(serializers.ModelSerializer):
    class Meta:
        model = SupportAccess
        fields = FIELDS
        read_only_fields = fields


class SupportInput(serializers.Serializer):
    role = serializers.ChoiceField(SupportAccess.Role.values)
    hours = serializers.ChoiceField(list(support.HOURS))
    reason = serializers.CharField(max_length=300)


class OfferedSupportSerializer(serializers.ModelSerializer):
    organisation = serializers.CharField(source="tenant.slug")

    class Meta:
        model = SupportAccess
        fields = ("organisation", *FIELDS)
        read_only_fields = fields


class TicketSerializer(serializers.Serializer):
    url = serializers.URLField(help_text="To be opened in a browser, once, within two minutes.")


@extend_schema(tags=["config"], methods=["GET"], responses=paged(SupportSerializer))
@extend_schema(tags=["config"], methods=["POST"], request=SupportInput, responses={201: SupportSerializer})
@api_view(["GET", "POST"])
def accesses(request: Request) -> Response:
    """List when the platform's operators could come in, newest first, or let them in for some hours."""
    require(request.user, support.RIGHT)
    if request.method == "POST":
        access = support.allow(actor=request.user, **checked(SupportInput, request.data))
        return Response(SupportSerializer(access).data, status=201)
    found = support.accesses()
    with public_context():
        return listed(request, found, SupportSerializer)


@extend_schema(tags=["config"], responses={204: None})
@api_view(["DELETE"])
def access(request: Request, pk: Any) -> Response:
    """Put support out at once."""
    require(request.user, support.RIGHT)
    found = support.accesses()
    with public_context():
        wanted = get_object_or_404(found, pk=pk)
    support.end(actor=request.user, access=wanted)
    return Response(status=204)


@extend_schema(tags=["platform"], responses=paged(OfferedSupportSerializer))
@api_view(["GET"])
@permission_classes([IsOperator])
def offered(request: Request) -> Response:
    """List the organisations that let support in now, newest first."""
    return listed(request, SupportAccess.objects.open().select_related("tenant"), OfferedSupportSerializer)


@extend_schema(tags=["platform"], request=None, responses={201: TicketSerializer})
@api_view(["POST"])
@permission_classes([IsOperator])
def ticket(request: Request, pk: Any) -> Response:
    """Get the address at which you enter; the organisation is told when you do."""
    wanted = get_object_or_404(SupportAccess.objects.open().select_related("tenant"), pk=pk)
    operator: Any = request.user
    return Response({"url": support.ticket_for(operator=operator, access=wanted)}, status=201)


urlpatterns = [
    path("config/support", accesses, name="api-support"),
    path("config/support/<uuid:pk>", access, name="api-support-access"),
]
platform_urlpatterns = [
    path("platform/support", offered, name="api-platform-support"),
    path("platform/support/<uuid:pk>/ticket", ticket, name="api-platform-support-ticket"),
]
