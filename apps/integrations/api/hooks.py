"""What connected services tell: the address that they call, opened, shut and heard."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.endpoints import api_view
from apps.core.errors import NotFound, TooLarge
from apps.core.permissions import require
from apps.integrations.api.connections import VIEW
from apps.integrations.models import Connection, Hook
from apps.integrations.services import hooks as services


class HookSerializer(serializers.ModelSerializer):
    address = serializers.CharField(help_text="What the service calls.")
    secret = serializers.SerializerMethodField(help_text="After opening, this once; else empty.")

    class Meta:
        model = Hook
        fields = ("address", "secret", "heard_at", "refused_at")
        read_only_fields = fields

    def get_secret(self, hook: Hook) -> str:
        return str(self.context.get("secret", ""))


@extend_schema(tags=["connections"], methods=["GET"], responses=HookSerializer)
@extend_schema(tags=["connections"], methods=["POST"], request=None, responses={201: HookSerializer})
@extend_schema(tags=["connections"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "POST", "DELETE"])
def hook(request: Request, pk: Any) -> Response:
    """Read the address that a connected Jira, GitHub or GitLab calls, open it (anew: with another secret) or shut it."""
    require(request.user, VIEW)
    connection = get_object_or_404(Connection, pk=pk)
    if request.method == "POST":
        opened, secret = services.open_hook(actor=request.user, connection=connection)
        return Response(HookSerializer(opened, context={"secret": secret}).data, status=201)
    if request.method == "DELETE":
        services.close_hook(actor=request.user, connection=connection)
        return Response(status=204)
    found = Hook.objects.select_related("connection").filter(connection=connection).first()
    if found is None:
        raise NotFound(_("There is nothing here."))
    return Response(HookSerializer(found).data)


@extend_schema(tags=["connections"], request=OpenApiTypes.OBJECT, responses={202: None, 204: None}, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def hear(request: Request, pk: Any) -> Response:
    """Take what a connected service says, signed with the secret of its address: 202 when something may wait for it, 204 when nothing does."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if int(headers.get("content-length") or 0) > services.MOST_BYTES:
        raise TooLarge(_("This is larger than 1 MB."))
    body = request._request.body
    is_awaited = services.hear(pk=pk, headers=headers, query=request._request.GET.dict(), body=body)
    return Response(status=202 if is_awaited else 204)
