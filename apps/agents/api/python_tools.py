"""Tools that people write, for API clients (`config/agents/python-tools`)."""

from typing import Any

import orjson
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import PythonTool
from apps.agents.sandbox.base import MOST_CODE_BYTES
from apps.agents.services import python_tools as services
from apps.core.api import checked
from apps.core.endpoints import api_view
from apps.core.permissions import require


class PythonToolSerializer(serializers.ModelSerializer):
    parameters = serializers.DictField(help_text="A JSON schema, read off the code.")

    class Meta:
        model = PythonTool
        fields = ("id", "name", "title", "description", "parameters", "code", "created_at", "updated_at")
        read_only_fields = fields


class PythonToolInput(serializers.Serializer):
    name = serializers.CharField(max_length=40, help_text="What a model calls it: small letters, digits, underscores.")
    title = serializers.CharField(max_length=80, required=False, allow_blank=True)
    code = serializers.CharField(
        max_length=MOST_CODE_BYTES, trim_whitespace=False, help_text="A function `run(…)`, typed, with a docstring."
    )


class PythonTrial(serializers.Serializer):
    code = serializers.CharField(max_length=MOST_CODE_BYTES, trim_whitespace=False)
    arguments = serializers.DictField(required=False)


class PythonOutcome(serializers.Serializer):
    value = serializers.JSONField()
    printed = serializers.CharField()


@extend_schema(tags=["config"], methods=["GET"], responses=PythonToolSerializer(many=True))
@extend_schema(tags=["config"], methods=["POST"], request=PythonToolInput, responses={201: PythonToolSerializer})
@api_view(["GET", "POST"])
def python_tools(request: Request) -> Response:
    """List the tools that were written here, or write one."""
    require(request.user, services.VIEW if request.method == "GET" else services.CHANGE)
    if request.method == "POST":
        made = services.save_tool(actor=request.user, values=checked(PythonToolInput, request.data))
        return Response(PythonToolSerializer(made).data, status=201)
    return Response(PythonToolSerializer(PythonTool.objects.all(), many=True).data)


@extend_schema(tags=["config"], methods=["GET"], responses=PythonToolSerializer)
@extend_schema(tags=["config"], methods=["PUT"], request=PythonToolInput, responses=PythonToolSerializer)
@extend_schema(tags=["config"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PUT", "DELETE"])
def python_tool(request: Request, pk: Any) -> Response:
    """Read a written tool, change or remove it (409 while an agent has it)."""
    require(request.user, services.VIEW if request.method == "GET" else services.CHANGE)
    row = get_object_or_404(PythonTool, pk=pk)
    if request.method == "DELETE":
        services.remove_tool(actor=request.user, tool=row)
        return Response(status=204)
    if request.method == "PUT":
        row = services.save_tool(actor=request.user, values=checked(PythonToolInput, request.data), tool=row)
    return Response(PythonToolSerializer(row).data)


@extend_schema(tags=["config"], request=PythonTrial, responses=PythonOutcome)
@api_view(["POST"])
def trial(request: Request) -> Response:
    """Run code as a tool would be; nothing is kept."""
    require(request.user, services.CHANGE)
    values = checked(PythonTrial, request.data)
    given = orjson.dumps(values.get("arguments", {}), default=str).decode()
    outcome = services.try_tool(actor=request.user, code=values["code"], arguments=given)
    return Response(PythonOutcome(outcome).data)
