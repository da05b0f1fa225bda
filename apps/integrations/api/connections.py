"""Connections and what of them agents may be given, for API clients."""

from typing import Any

from django.contrib.auth.models import Group
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked
from apps.core.endpoints import api_view
from apps.core.permissions import require
from apps.integrations.models import Connection, Operation
from apps.integrations.services import connections as services

VIEW = "integrations.view_connection"


class ConnectionSerializer(serializers.ModelSerializer):
    has_secret = serializers.BooleanField()

    class Meta:
        model = Connection
        fields = (
            *("id", "kind", "name", "description", "base_url", "source_url", "auth", "auth_name", "has_secret"),
            *("audience", "is_active", "described_at"),
        )
        read_only_fields = fields


class ConnectionInput(serializers.Serializer):
    name = serializers.CharField(max_length=40, required=False, help_text="Default: as the document calls itself.")
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    base_url = serializers.CharField(max_length=300, required=False, help_text="Default: as the document says.")
    source_url = serializers.CharField(max_length=300, required=False, allow_blank=True)
    auth = serializers.ChoiceField(Connection.Auth.choices, required=False)
    auth_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    audience = serializers.PrimaryKeyRelatedField(
        queryset=Group.objects.all(), required=False, allow_null=True, help_text="A role or group; null: everybody."
    )
    secret = serializers.CharField(max_length=2000, required=False, allow_blank=True, write_only=True)


class NewConnection(ConnectionInput):
    kind = serializers.ChoiceField(Connection.Kind.choices, required=False)
    document = serializers.CharField(
        max_length=2_000_000, required=False, help_text="OpenAPI 3 as text; default: fetched from source_url."
    )


class ConnectionChange(ConnectionInput):
    is_active = serializers.BooleanField(required=False)


class OperationSerializer(serializers.ModelSerializer):
    is_on = serializers.BooleanField(help_text="Whether agents may be given it.")
    has_changed = serializers.BooleanField(help_text="It is described otherwise than when it was chosen, and off.")

    class Meta:
        model = Operation
        fields = (
            "key",
            "tool_name",
            "method",
            "path",
            "title",
            "description",
            "schema",
            "risk",
            "is_on",
            "has_changed",
        )
        read_only_fields = fields


class ChosenOperation(serializers.Serializer):
    key = serializers.CharField(max_length=64)
    risk = serializers.ChoiceField(Operation.Risk.choices)


class OperationsInput(serializers.Serializer):
    operations = ChosenOperation(many=True)


class DocumentInput(serializers.Serializer):
    document = serializers.CharField(max_length=2_000_000, required=False)


class NewsSerializer(serializers.Serializer):
    new = serializers.IntegerField()
    gone = serializers.IntegerField()
    changed = serializers.ListField(child=serializers.CharField())


class ConnectionTrialSerializer(serializers.Serializer):
    asked = serializers.CharField()
    status = serializers.IntegerField(help_text="0: there was no answer.")
    problem = serializers.CharField(help_text="Empty when it works.")


def _found(request: Request, pk: Any) -> Connection:
    require(request.user, VIEW)
    return get_object_or_404(Connection, pk=pk)


@extend_schema(tags=["connections"], methods=["GET"], responses=ConnectionSerializer(many=True))
@extend_schema(tags=["connections"], methods=["POST"], request=NewConnection, responses={201: ConnectionSerializer})
@api_view(["GET", "POST"])
def connections(request: Request) -> Response:
    """List the connections, or make one from an OpenAPI document or an MCP server; nothing of it is on yet."""
    if request.method == "POST":
        values = dict(checked(NewConnection, request.data))
        secret, document = values.pop("secret", ""), values.pop("document", "")
        made = services.connect(actor=request.user, values=values, secret=secret, document=document)
        return Response(ConnectionSerializer(made).data, status=201)
    require(request.user, VIEW)
    return Response(ConnectionSerializer(Connection.objects.all(), many=True).data)


@extend_schema(tags=["connections"], methods=["GET"], responses=ConnectionSerializer)
@extend_schema(tags=["connections"], methods=["PATCH"], request=ConnectionChange, responses=ConnectionSerializer)
@extend_schema(tags=["connections"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PATCH", "DELETE"])
def connection(request: Request, pk: Any) -> Response:
    """Read, change or remove a connection; its secret is written and never read."""
    found = _found(request, pk)
    if request.method == "DELETE":
        services.remove_connection(actor=request.user, connection=found)
        return Response(status=204)
    if request.method == "PATCH":
        values = dict(checked(ConnectionChange, request.data))
        secret = values.pop("secret", None)
        services.change_connection(actor=request.user, connection=found, values=values, secret=secret)
    return Response(ConnectionSerializer(found).data)


@extend_schema(tags=["connections"], methods=["GET"], responses=OperationSerializer(many=True))
@extend_schema(tags=["connections"], methods=["PUT"], request=OperationsInput, responses=OperationSerializer(many=True))
@api_view(["GET", "PUT"])
def operations(request: Request, pk: Any) -> Response:
    """List what the service does, or choose exactly what of it agents may be given, as it is described now."""
    found = _found(request, pk)
    if request.method == "PUT":
        wanted = checked(OperationsInput, request.data)["operations"]
        chosen = {entry["key"]: entry["risk"] for entry in wanted}
        services.set_operations(actor=request.user, connection=found, chosen=chosen)
    return Response(OperationSerializer(found.operations.all(), many=True).data)


@extend_schema(tags=["connections"], request=DocumentInput, responses=NewsSerializer)
@api_view(["POST"])
def again(request: Request, pk: Any) -> Response:
    """Read the service's description anew; what is no longer as it was chosen is off until it is chosen again."""
    document = checked(DocumentInput, request.data).get("document", "")
    news = services.read_again(actor=request.user, connection=_found(request, pk), document=document)
    return Response(NewsSerializer(news).data)


@extend_schema(tags=["connections"], request=None, responses=ConnectionTrialSerializer)
@api_view(["POST"])
def test(request: Request, pk: Any) -> Response:
    """Call the service and say what came of it."""
    trial = services.try_connection(actor=request.user, connection=_found(request, pk))
    return Response(ConnectionTrialSerializer(trial).data)
