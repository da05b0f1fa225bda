"""Forms of agents for API clients: what is asked for, what it would cost, and a run with what was filled in."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.api.endpoints import RunSerializer
from apps.agents.models import Agent
from apps.agents.services import form_runs
from apps.core.api import checked
from apps.projects.services import project_of_key
from apps.prompts.api import VariableSerializer

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key gives the same run, once."
)


class FormSerializer(serializers.Serializer):
    name = serializers.CharField(source="prompt.name")
    description = serializers.CharField(source="prompt.description")
    version = serializers.IntegerField(source="number")
    variables = VariableSerializer(many=True)


class FormInput(serializers.Serializer):
    values = serializers.DictField(child=serializers.CharField(max_length=8000, allow_blank=True))
    project = serializers.UUIDField(required=False, help_text="In which the run takes place, and is counted.")


class ForecastSerializer(serializers.Serializer):
    cost = serializers.DecimalField(max_digits=20, decimal_places=8, help_text="US dollars.")
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    model = serializers.CharField()
    origin = serializers.ChoiceField(
        ["own", "listed", "none"], help_text="Whose price it is; `none`: it counts as free."
    )
    runs = serializers.IntegerField(help_text="Former runs that it rests on; 0: reckoned from sizes.")
    short_of = serializers.CharField(help_text="A budget that has no room for so much, or empty.")


def _agent(request: Request, pk: Any) -> Agent:
    found = Agent.objects.usable_by(request.user).select_related("form", "model__provider")
    return get_object_or_404(found.exclude(form=None), pk=pk)


def _asked(request: Request, agent: Agent) -> dict[str, Any]:
    values = checked(FormInput, request.data)
    project = project_of_key(request.user, values.get("project"))
    return {"actor": request.user, "agent": agent, "given": values["values"], "project": project}


@extend_schema(tags=["agents"], methods=["GET"], responses=FormSerializer)
@extend_schema(
    tags=["agents"], methods=["POST"], request=FormInput, responses={202: RunSerializer}, parameters=[IDEMPOTENCY]
)
@api_view(["GET", "POST"])
def agent_form(request: Request, pk: Any) -> Response:
    """Read what an agent's form asks for, or fill it in; read the run until its state is final."""
    agent = _agent(request, pk)
    if request.method == "GET":
        return Response(FormSerializer(form_runs.form_for(agent)).data)
    asked = _asked(request, agent)
    run = form_runs.start_form_run(**asked, idempotency_key=request.headers.get("Idempotency-Key", "")[:100])
    return Response(RunSerializer(run).data, status=202)


@extend_schema(tags=["agents"], request=FormInput, responses=ForecastSerializer)
@api_view(["POST"])
def form_estimate(request: Request, pk: Any) -> Response:
    """Say what a run with these values is expected to cost; nothing is started."""
    found = form_runs.forecast(**_asked(request, _agent(request, pk)))
    return Response(ForecastSerializer(found).data)
