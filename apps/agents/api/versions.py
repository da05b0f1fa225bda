"""Versions and drafts of agents, for API clients; a draft is changed under its own id, as an agent is."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.api.endpoints import AgentSerializer, RunSerializer
from apps.agents.models import Agent, AgentVersion
from apps.agents.services import drafts, runs
from apps.agents.services import versions as services
from apps.agents.services.behaviour import require_change
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view


class AgentVersionSerializer(serializers.ModelSerializer):
    written_by = serializers.CharField(source="written_by.name", default="", allow_blank=True)

    class Meta:
        model = AgentVersion
        fields = ("number", "note", "written_by", "created_at")
        read_only_fields = fields


class AgentVersionDetail(AgentVersionSerializer):
    content = serializers.SerializerMethodField(
        help_text="What the agent was: what it refers to as id and name (empty for what you do not see), its tools."
    )

    class Meta:
        model = AgentVersion
        fields = ("number", "note", "written_by", "created_at", "content")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField())
    def get_content(self, version: AgentVersion) -> Any:
        return services.without_names(version.content, self.context["unseen"])


class RestoredSerializer(serializers.Serializer):
    left_out = serializers.ListField(
        child=serializers.CharField(), help_text="Names of what the agent had and what is not there any more."
    )


class PublishInput(serializers.Serializer):
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, help_text="What is new.")
    over = serializers.IntegerField(
        min_value=0,
        max_value=2_000_000_000,
        required=False,
        help_text="The version that the draft was compared with (0: none): 409 when the agent is at another one.",
    )


class TrialQuestion(serializers.Serializer):
    text = serializers.CharField()


@extend_schema(tags=["agents"], responses=paged(AgentVersionSerializer))
@api_view(["GET"])
def versions(request: Request, pk: Any) -> Response:
    """List the versions of an agent that you may change, the latest first."""
    found = _changeable(request, pk).versions.select_related("written_by")
    return listed(request, found, AgentVersionSerializer, ordering="-number")


@extend_schema(tags=["agents"], responses=AgentVersionDetail)
@api_view(["GET"])
def version(request: Request, pk: Any, number: int) -> Response:
    """Read what an agent was at a version."""
    found = get_object_or_404(AgentVersion, agent=_changeable(request, pk), number=number)
    return Response(AgentVersionDetail(found, context={"unseen": services.unseen_by(request.user)}).data)


@extend_schema(tags=["agents"], request=None, responses=RestoredSerializer)
@api_view(["POST"])
def restore(request: Request, pk: Any, number: int) -> Response:
    """Take an agent back to what it was at a version, as a new version."""
    agent = _changeable(request, pk)
    found = get_object_or_404(AgentVersion, agent=agent, number=number)
    return Response({"left_out": drafts.restore(actor=request.user, agent=agent, version=found)})


@extend_schema(tags=["agents"], methods=["POST"], request=None, responses=AgentSerializer)
@extend_schema(tags=["agents"], methods=["DELETE"], responses={204: None})
@api_view(["POST", "DELETE"])
def draft(request: Request, pk: Any) -> Response:
    """Get the agent's draft, begun if there is none; or throw it away."""
    agent = _changeable(request, pk)
    if request.method == "DELETE":
        drafts.discard_draft(actor=request.user, agent=agent)
        return Response(status=204)
    return Response(AgentSerializer(drafts.start_draft(actor=request.user, agent=agent)).data)


@extend_schema(tags=["agents"], request=PublishInput, responses=AgentSerializer)
@api_view(["POST"])
def publish(request: Request, pk: Any) -> Response:
    """Make an agent what its draft is, as a new version."""
    agent, values = _changeable(request, pk), checked(PublishInput, request.data)
    return Response(AgentSerializer(drafts.publish_draft(actor=request.user, agent=agent, **values)).data)


@extend_schema(tags=["agents"], request=TrialQuestion, responses={202: RunSerializer})
@api_view(["POST"])
def trial(request: Request, pk: Any) -> Response:
    """Ask an agent or a draft that you may change, as a trial; the run is read under `runs`."""
    agent, values = _changeable(request, pk), checked(TrialQuestion, request.data)
    run = runs.start_run(actor=request.user, agent=agent, question=values["text"], is_trial=True)
    return Response(RunSerializer(run).data, status=202)


def _changeable(request: Request, pk: Any) -> Agent:
    agent: Agent = get_object_or_404(Agent.objects.with_drafts_for(request.user), pk=pk)
    require_change(request.user, agent)
    return agent
