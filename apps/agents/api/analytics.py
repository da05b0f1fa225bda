"""What came of a project's runs, for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.services.analytics import AGENT, DIMENSIONS, analytics_of
from apps.core.api import checked
from apps.core.endpoints import api_view
from apps.projects.models import Project


class AnalyticsInput(serializers.Serializer):
    by = serializers.ChoiceField(choices=DIMENSIONS, default=AGENT)
    days = serializers.IntegerField(min_value=1, max_value=365, default=30)


class RunLineSerializer(serializers.Serializer):
    id = serializers.CharField(source="key", help_text="Of the agent or person; the day; empty for all.")
    name = serializers.CharField(source="label")
    runs = serializers.IntegerField(source="sums.calls")
    done = serializers.IntegerField(source="succeeded")
    failed = serializers.IntegerField()
    input_tokens = serializers.IntegerField(source="sums.input_tokens")
    output_tokens = serializers.IntegerField(source="sums.output_tokens")
    cost = serializers.DecimalField(source="sums.cost", max_digits=20, decimal_places=8, help_text="US dollars.")
    median_s = serializers.FloatField(allow_null=True, help_text="Seconds, of those that ended well.")


class AnalyticsSerializer(serializers.Serializer):
    total = RunLineSerializer()
    lines = RunLineSerializer(many=True)


@extend_schema(
    tags=["projects"],
    responses=AnalyticsSerializer,
    parameters=[OpenApiParameter("by", str, enum=list(DIMENSIONS)), OpenApiParameter("days", int)],
)
@api_view(["GET"])
def project_analytics(request: Request, pk: Any) -> Response:
    """Runs, outcome, tokens, money and time of a project that you manage, by agent, person or day."""
    project = get_object_or_404(Project.objects.visible_to(request.user), pk=pk)
    values = checked(AnalyticsInput, request.query_params)
    found = analytics_of(actor=request.user, project=project, days=values["days"], by=[values["by"]])
    return Response(AnalyticsSerializer({"total": found.total, "lines": found.lines[values["by"]]}).data)
