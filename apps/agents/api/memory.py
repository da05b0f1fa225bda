"""What agents remember about you, for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import Fact
from apps.agents.models.memory import MOST_FACT_CHARS
from apps.agents.services import memory as services
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view


class FactSerializer(serializers.ModelSerializer):
    noted_by = serializers.CharField(source="noted_by.name", default="", help_text="The agent that was told; or you.")

    class Meta:
        model = Fact
        fields = ("id", "text", "noted_by", "created_at")
        read_only_fields = fields


class FactInput(serializers.Serializer):
    text = serializers.CharField(max_length=MOST_FACT_CHARS)


class MemoryState(serializers.Serializer):
    is_remembered = serializers.BooleanField(help_text="Whether agents with a memory remember and are told.")


@extend_schema(tags=["facts"], methods=["GET"], responses=paged(FactSerializer))
@extend_schema(tags=["facts"], methods=["POST"], request=FactInput, responses={201: FactSerializer})
@extend_schema(tags=["facts"], methods=["DELETE"], responses={204: None}, operation_id="facts_forget_all")
@api_view(["GET", "POST", "DELETE"])
def facts(request: Request) -> Response:
    """List what agents remember about you, write a fact down, or have all of it forgotten."""
    if request.method == "POST":
        made = services.note_fact(actor=request.user, **checked(FactInput, request.data))
        return Response(FactSerializer(made).data, status=201)
    if request.method == "DELETE":
        services.forget(actor=request.user)
        return Response(status=204)
    return listed(request, _own(request).select_related("noted_by"), FactSerializer)


@extend_schema(tags=["facts"], methods=["PUT"], request=FactInput, responses=FactSerializer)
@extend_schema(tags=["facts"], methods=["DELETE"], responses={204: None})
@api_view(["PUT", "DELETE"])
def fact(request: Request, pk: Any) -> Response:
    """Put a fact about you right, or have it forgotten."""
    found = get_object_or_404(_own(request), pk=pk)
    if request.method == "DELETE":
        services.forget(actor=request.user, fact=found)
        return Response(status=204)
    changed = services.change_fact(actor=request.user, fact=found, **checked(FactInput, request.data))
    return Response(FactSerializer(changed).data)


@extend_schema(tags=["facts"], methods=["GET"], responses=MemoryState)
@extend_schema(tags=["facts"], methods=["PUT"], request=MemoryState, responses=MemoryState)
@api_view(["GET", "PUT"])
def memory(request: Request) -> Response:
    """Say whether agents remember you, or switch that."""
    if request.method == "PUT":
        services.let_remember(actor=request.user, **checked(MemoryState, request.data))
    user: Any = request.user
    user.refresh_from_db()
    return Response(MemoryState(user).data)


def _own(request: Request) -> Any:
    user: Any = request.user
    return Fact.objects.filter(person=user)
