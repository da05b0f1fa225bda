"""Programs that people let in, for API clients. Letting one in takes a person at a page."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Program
from apps.accounts.services import programs
from apps.core.api import listed, paged
from apps.core.endpoints import api_view


class ProgramSerializer(serializers.ModelSerializer):
    class Meta:
        model = Program
        fields = ("id", "account", "name", "scopes", "created_at", "last_used_at", "last_used_from")
        read_only_fields = fields


@extend_schema(tags=["programs"], responses=paged(ProgramSerializer))
@api_view(["GET"])
def program_list(request: Request) -> Response:
    """List the programs that you let in; whoever manages keys sees everybody's."""
    return listed(request, Program.objects.visible_to(request.user), ProgramSerializer)


@extend_schema(tags=["programs"], responses={204: None})
@api_view(["DELETE"])
def program(request: Request, pk: Any) -> Response:
    """Put a program out; what it was given opens nothing from the next request on."""
    programs.put_out(actor=request.user, program=get_object_or_404(Program.objects.visible_to(request.user), pk=pk))
    return Response(status=204)


urlpatterns = [
    path("programs/", program_list, name="api-programs"),
    path("programs/<uuid:pk>", program, name="api-program"),
]
