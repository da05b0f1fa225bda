"""What can be read of runs and asked of one; the settings of an agent."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import Agent, Run
from apps.agents.rendering import steps_of
from apps.agents.results import JSON, file_of
from apps.agents.services import runs as services
from apps.agents.tickets import write_ticket
from apps.core.api import listed, paged
from apps.core.endpoints import api_view
from apps.core.saving import KINDS
from apps.core.tenancy import current_tenant
from apps.core.tickets import LASTS_S
from apps.tenants.api.company import OptionInput, OptionSerializer, chosen_option, listed_options
from apps.tenants.models import OptionValue
from apps.tenants.options import all_options
from apps.usage.services.reports import cost_of_run


class AgentSerializer(serializers.ModelSerializer):
    has_form = serializers.BooleanField(help_text="Whether it can be started with a form.")

    class Meta:
        model = Agent
        fields = (
            "id",
            "name",
            "description",
            "icon",
            "tint",
            "starters",
            "max_steps",
            "has_form",
            "blueprint",
            "is_active",
        )
        read_only_fields = fields


class StepSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    start_s = serializers.FloatField(help_text="Seconds from the start of the run.")
    took_s = serializers.FloatField()


class RunSerializer(serializers.ModelSerializer):
    agent_version = serializers.IntegerField(source="agent_version.number", allow_null=True, default=None)

    class Meta:
        model = Run
        fields = (
            "id",
            "agent",
            "agent_version",
            "is_trial",
            "arm",
            "project",
            "parent",
            "title",
            "state",
            "question",
            "blueprint",
            "inputs",
            "answer",
            "error",
            "input_tokens",
            "output_tokens",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields


class RunDetailSerializer(RunSerializer):
    steps = serializers.SerializerMethodField()
    cost = serializers.SerializerMethodField(help_text="US dollars, of all its calls of models.")

    class Meta:
        model = Run
        fields = (*RunSerializer.Meta.fields, "error_code", "result", "cost", "steps")
        read_only_fields = fields

    @extend_schema_field(serializers.DecimalField(max_digits=20, decimal_places=8))
    def get_cost(self, run: Run) -> Any:
        return cost_of_run(run.pk)

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, run: Run) -> Any:
        return StepSerializer(steps_of(run), many=True).data


def _run(request: Request, pk: Any) -> Run:
    return get_object_or_404(Run.objects.visible_to(request.user), pk=pk)


class TicketSerializer(serializers.Serializer):
    ticket = serializers.CharField()
    url = serializers.CharField(help_text="With the ticket in it. `after` resumes behind the id of an event.")
    expires_at = serializers.DateTimeField()


@extend_schema(tags=["runs"], responses=paged(RunSerializer))
@api_view(["GET"])
def runs(request: Request) -> Response:
    """List your runs, newest first."""
    return listed(request, Run.objects.visible_to(request.user).select_related("agent_version"), RunSerializer)


@extend_schema(tags=["runs"], responses=RunDetailSerializer)
@api_view(["GET"])
def run(request: Request, pk: Any) -> Response:
    """Read a run with its finished steps."""
    return Response(RunDetailSerializer(_run(request, pk)).data)


@extend_schema(
    tags=["runs"],
    parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=[*KINDS, JSON])],
    responses={(200, media_type): OpenApiTypes.BINARY for media_type, _draw in KINDS.values()}
    | {(200, "application/json"): OpenApiTypes.ANY},
)
@api_view(["GET"])
def run_result(request: Request, pk: Any, kind: str) -> HttpResponse:
    """Save what a run came to as PDF, Word file or Markdown, or, of a blueprint's, as JSON."""
    made = file_of(actor=request.user, run=_run(request, pk), kind=kind)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return HttpResponse(made.data, content_type=made.media_type, headers=headers)


@extend_schema(tags=["runs"], request=None, responses={202: RunSerializer})
@api_view(["POST"])
def cancel(request: Request, pk: Any) -> Response:
    """Stop a run; what it wrote is kept."""
    found = _run(request, pk)
    services.cancel_run(actor=request.user, run=found)
    return Response(RunSerializer(found).data, status=202)


@extend_schema(tags=["runs"], request=None, responses={201: TicketSerializer})
@api_view(["POST"])
def ticket(request: Request, pk: Any) -> Response:
    """Get what opens a WebSocket with the events of a run, once, within half a minute: for pages and clients that cannot send a header with it."""
    found = _run(request, pk)
    text = write_ticket(actor=request.user, run_id=found.pk)
    query = urlencode({"tenant": current_tenant().slug, "ticket": text})
    scheme = "wss" if request.is_secure() else "ws"
    url = f"{scheme}://{request.get_host()}/ws/runs/{found.pk}/?{query}"
    ends_at = timezone.now() + timedelta(seconds=LASTS_S)
    return Response(TicketSerializer({"ticket": text, "url": url, "expires_at": ends_at}).data, status=201)


@extend_schema(tags=["runs"], request=None, responses={202: RunSerializer})
@api_view(["POST"])
def again(request: Request, pk: Any) -> Response:
    """Take an ended, unfinished run up from its last finished step."""
    found = _run(request, pk)
    services.run_again(actor=request.user, run=found)
    found.refresh_from_db()
    return Response(RunSerializer(found).data, status=202)


@extend_schema(tags=["agents"], methods=["GET"], responses=OptionSerializer(many=True))
@extend_schema(tags=["agents"], methods=["PATCH"], request=OptionInput, responses=OptionSerializer(many=True))
@api_view(["GET", "PATCH"])
def agent_settings(request: Request, pk: Any) -> Response:
    """Read what holds for one agent with where it comes from, or set it for this agent alone."""
    found = get_object_or_404(Agent.objects.visible_to(request.user), pk=pk)
    services.require_settings(request.user, found)
    options = all_options(OptionValue.Level.AGENT.value)
    if request.method == "PATCH":
        option, value = chosen_option(options, request.data)
        services.set_agent_option(actor=request.user, agent=found, option=option, value=value)
    return Response(OptionSerializer(listed_options(options, [(OptionValue.Level.AGENT, found.pk)]), many=True).data)
