"""Making and changing agents for API clients."""

from datetime import UTC, datetime
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.api.endpoints import AgentSerializer
from apps.agents.models import Agent
from apps.agents.services import routing, studio
from apps.agents.services.health import Health, health_of
from apps.agents.types import LEAST_STEPS, MOST_STEPS
from apps.core.api import checked, deprecated
from apps.core.endpoints import api_view
from apps.knowledge.models import KnowledgeBase
from apps.projects.services import project_of_key

MOST_CHOICES = 5


class AgentInput(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    icon = serializers.ChoiceField(list(studio.ICONS), required=False)
    tint = serializers.ChoiceField(Agent.Tint.choices, required=False, allow_blank=True)
    knowledge_bases = serializers.PrimaryKeyRelatedField(
        queryset=KnowledgeBase.objects.all(), many=True, required=False
    )
    starters = serializers.ListField(
        child=serializers.CharField(max_length=studio.MAX_STARTER_CHARS), max_length=studio.MAX_STARTERS, required=False
    )
    max_steps = serializers.IntegerField(min_value=LEAST_STEPS, max_value=MOST_STEPS, required=False)


class NewAgentInput(AgentInput):
    example = {"name": "Travel desk", "description": "Answers from the travel policy.", "starters": ["May I fly?"]}

    blueprint = serializers.SlugField(required=False, help_text="The key of one that it works by.")


class AgentChange(AgentInput):
    name = serializers.CharField(max_length=80, required=False)
    is_active = serializers.BooleanField(required=False)


@extend_schema(tags=["agents"], methods=["GET"], responses=AgentSerializer(many=True))
@extend_schema(tags=["agents"], methods=["POST"], request=NewAgentInput, responses={201: AgentSerializer})
@api_view(["GET", "POST"])
def agents(request: Request) -> Response:
    """List the agents that you may use, or make one."""
    if request.method == "POST":
        values = checked(NewAgentInput, request.data)
        blueprint = studio.chosen_blueprint(values.get("blueprint", ""))
        made = studio.save_agent(actor=request.user, values=values, blueprint=blueprint)
        return Response(AgentSerializer(made).data, status=201)
    return Response(AgentSerializer(Agent.objects.usable_by(request.user), many=True).data)


class ChoiceInput(serializers.Serializer):
    text = serializers.CharField(max_length=32_000)
    project = serializers.UUIDField(required=False, allow_null=True)


class ChoiceSerializer(serializers.Serializer):
    agent = AgentSerializer()
    why = serializers.CharField(help_text="A sentence for people; empty where nothing speaks for the agent.")
    score = serializers.FloatField(help_text="0 to 1.")


@extend_schema(tags=["agents"], request=ChoiceInput, responses=ChoiceSerializer(many=True))
@api_view(["POST"])
def route(request: Request) -> Response:
    """Say which agents a question could go to, the best first, and why."""
    return Response(_choices(request))


@extend_schema(tags=["agents"], request=ChoiceInput, responses=ChoiceSerializer(many=True), deprecated=True)
@api_view(["POST"])
def choose(request: Request) -> Response:
    """Say which agents a question could go to, under its former address."""
    return Response(
        _choices(request), headers=deprecated("/api/v1/agents/route", since=datetime(2026, 11, 29, tzinfo=UTC))
    )


def _choices(request: Request) -> Any:
    values = checked(ChoiceInput, request.data)
    project = project_of_key(request.user, str(values.get("project") or ""))
    found = routing.ranked(actor=request.user, text=values["text"], project=project)
    return ChoiceSerializer(found[:MOST_CHOICES], many=True).data


@extend_schema(tags=["agents"], methods=["GET"], responses=AgentSerializer)
@extend_schema(tags=["agents"], methods=["PATCH"], request=AgentChange, responses=AgentSerializer)
@api_view(["GET", "PATCH"])
def agent(request: Request, pk: Any) -> Response:
    """Read an agent that you may use, or change one, or switch it off and on."""
    if request.method == "GET":
        return Response(AgentSerializer(get_object_or_404(Agent.objects.askable_by(request.user), pk=pk)).data)
    found = get_object_or_404(Agent.objects.with_drafts_for(request.user), pk=pk)
    changed = studio.save_agent(actor=request.user, values=checked(AgentChange, request.data), agent=found)
    return Response(AgentSerializer(changed).data)


@extend_schema(tags=["agents"], request=None, responses={201: AgentSerializer})
@api_view(["POST"])
def copy(request: Request, pk: Any) -> Response:
    """Make an agent like this one, which is yours to change."""
    agent = get_object_or_404(Agent.objects.visible_to(request.user), pk=pk)
    return Response(AgentSerializer(studio.copy_agent(actor=request.user, agent=agent)).data, status=201)


class FailureReasonSerializer(serializers.Serializer):
    words = serializers.CharField()
    count = serializers.IntegerField()


class NamedSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class HealthSerializer(serializers.Serializer):
    """The last seven days."""

    ended = serializers.IntegerField(help_text="Runs that came to an end by themselves.")
    failed = serializers.IntegerField()
    failed_percent = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Runs that wait for people.")
    median_s = serializers.FloatField(allow_null=True)
    p95_s = serializers.FloatField(allow_null=True)
    reasons = serializers.SerializerMethodField()
    people = serializers.IntegerField(help_text="How many asked it.")
    projects = serializers.SerializerMethodField()
    agents = serializers.SerializerMethodField()
    model = serializers.CharField()
    breaker = serializers.CharField(
        source="breaker.state", help_text="`closed`: its model is asked; `open`, `half_open`: it fails."
    )

    @extend_schema_field(FailureReasonSerializer(many=True))
    def get_reasons(self, health: Health) -> Any:
        return [{"words": words, "count": count} for words, count in health.reasons]

    @extend_schema_field(NamedSerializer(many=True))
    def get_projects(self, health: Health) -> Any:
        return NamedSerializer(health.projects, many=True).data

    @extend_schema_field(NamedSerializer(many=True))
    def get_agents(self, health: Health) -> Any:
        return NamedSerializer(health.agents, many=True).data


@extend_schema(tags=["agents"], responses=HealthSerializer)
@api_view(["GET"])
def health(request: Request, pk: Any) -> Response:
    """Say how an agent fared in the last seven days, for those who may change it."""
    agent = get_object_or_404(Agent.objects.visible_to(request.user), pk=pk)
    return Response(HealthSerializer(health_of(actor=request.user, agent=agent)).data)
