"""Which tools an agent has, for API clients."""

from typing import Any

from django.contrib.auth.models import Group
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import Agent, ToolGrant
from apps.agents.services import tools
from apps.agents.services.behaviour import require_change
from apps.core.api import checked
from apps.core.endpoints import api_view


class ToolGrantSerializer(serializers.ModelSerializer):
    class Meta:
        model = ToolGrant
        fields = ("consent", "approvers", "second_field", "second_above", "hosts", "colleagues")
        read_only_fields = fields


class OfferSerializer(serializers.Serializer):
    tool = serializers.CharField(source="key")
    title = serializers.CharField(source="tool.title")
    summary = serializers.CharField(source="tool.summary")
    risk = serializers.ChoiceField(["read", "write", "send", "code"], source="tool.risk")
    schema = serializers.SerializerMethodField(help_text="The JSON schema of its arguments.")
    grant = ToolGrantSerializer(allow_null=True, help_text="Null: the agent does not have it.")

    @extend_schema_field(serializers.DictField())
    def get_schema(self, offer: tools.Offer) -> Any:
        return offer.tool.spec.parameters


class ToolGrantInput(serializers.Serializer):
    tool = serializers.CharField(max_length=80)
    consent = serializers.ChoiceField(ToolGrant.Consent.choices, required=False)
    approvers = serializers.PrimaryKeyRelatedField(
        queryset=Group.objects.all(), required=False, allow_null=True, help_text="A role or group; null: whoever asked."
    )
    second_field = serializers.CharField(max_length=80, required=False, allow_blank=True)
    second_above = serializers.DecimalField(max_digits=20, decimal_places=4, required=False, allow_null=True)
    hosts = serializers.ListField(child=serializers.CharField(max_length=253), max_length=100, required=False)
    colleagues = serializers.PrimaryKeyRelatedField(queryset=Agent.objects.all(), many=True, required=False)


class ToolsInput(serializers.Serializer):
    tools = ToolGrantInput(many=True)


@extend_schema(tags=["agents"], methods=["GET"], responses=OfferSerializer(many=True))
@extend_schema(tags=["agents"], methods=["PUT"], request=ToolsInput, responses=OfferSerializer(many=True))
@api_view(["GET", "PUT"])
def agent_tools(request: Request, pk: Any) -> Response:
    """List the tools that an agent has or could have, or give it exactly those named; the rest of a grant stays as it was."""
    agent = get_object_or_404(Agent.objects.with_drafts_for(request.user), pk=pk)
    require_change(request.user, agent)
    if request.method == "PUT":
        tools.set_tools(actor=request.user, agent=agent, wanted=checked(ToolsInput, request.data)["tools"])
    return Response(OfferSerializer(tools.offers_for(agent), many=True).data)
