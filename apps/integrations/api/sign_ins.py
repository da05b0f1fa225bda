"""Letting us in at a connected service by OAuth, for API clients; the person goes there in a browser."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.endpoints import api_view
from apps.core.permissions import require
from apps.integrations.api.connections import VIEW
from apps.integrations.models import Connection, SignIn
from apps.integrations.services import sign_ins as services


class DepartureSerializer(serializers.Serializer):
    url = serializers.CharField(
        help_text="Where you go, within ten minutes, in a browser in which you are signed in here: you come back to a page."
    )
    host = serializers.CharField(help_text="Whose page that is.")
    scope = serializers.CharField(help_text="The rights that are asked for.")


class SignInSerializer(serializers.ModelSerializer):
    is_given = serializers.BooleanField(help_text="Whether somebody has let us in.")

    class Meta:
        model = SignIn
        fields = ("is_given", "given_at", "given_by", "scope", "wanted", "expires_at")
        read_only_fields = fields


@extend_schema(tags=["connections"], methods=["GET"], responses=SignInSerializer)
@extend_schema(tags=["connections"], methods=["POST"], request=None, responses=DepartureSerializer)
@extend_schema(tags=["connections"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "POST", "DELETE"])
def sign_in(request: Request, pk: Any) -> Response:
    """Read whether a person has let us in at an MCP server, begin that (you go to `url`), or forget it."""
    require(request.user, VIEW)
    connection = get_object_or_404(Connection, pk=pk)
    if request.method == "POST":
        return Response(DepartureSerializer(services.begin(actor=request.user, connection=connection)).data)
    if request.method == "DELETE":
        services.forget(actor=request.user, connection=connection)
        return Response(status=204)
    found = SignIn.objects.filter(connection=connection).first() or SignIn(connection=connection)
    return Response(SignInSerializer(found).data)
