"""The audit for API clients."""

from django.http import HttpResponseBase
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit.exports import COLUMNS, FORMATS, export_response
from apps.audit.models import AuditEvent
from apps.audit.services import trail
from apps.audit.types import Search
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view


class SearchInput(serializers.Serializer):
    q = serializers.CharField(default="", allow_blank=True, help_text="Words of names, action, address, ids.")
    action = serializers.CharField(default="", help_text="For example `document.deleted`.")
    actor = serializers.CharField(default="", help_text="The id of who did it.")
    target = serializers.CharField(default="", help_text="The id of what it was done to.")
    since = serializers.DateField(default=None)
    until = serializers.DateField(default=None)


class ExportInput(SearchInput):
    form = serializers.ChoiceField(list(FORMATS), default="jsonl")


class AuditEventSerializer(serializers.ModelSerializer):
    class Meta:
        model = AuditEvent
        fields = ("id", *COLUMNS)
        read_only_fields = fields


def _search(values: dict) -> Search:
    return Search(values["q"], values["action"], values["actor"], values["target"], values["since"], values["until"])


@extend_schema(tags=["audit"], responses=paged(AuditEventSerializer), parameters=[SearchInput])
@api_view(["GET"])
def events(request: Request) -> Response:
    """Search the audit, newest first. That you did is written down."""
    found = trail.read(actor=request.user, search=_search(checked(SearchInput, request.query_params)))
    return listed(request, found, AuditEventSerializer, ordering="-at")


@extend_schema(
    tags=["audit"],
    request=ExportInput,
    responses={(200, "application/jsonl"): OpenApiTypes.STR, (200, "text/csv"): OpenApiTypes.STR},
)
@api_view(["POST"])
def export(request: Request) -> HttpResponseBase:
    """Take the events that fit out as a file, oldest first: `csv` or `jsonl`. That you did is written down."""
    values = checked(ExportInput, request.data)
    return export_response(request.user, _search(values), values["form"])


urlpatterns = [
    path("audit/", events, name="api-audit"),
    path("audit/export", export, name="api-audit-export"),
]
