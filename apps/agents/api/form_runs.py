"""Forms of agents for API clients: what is asked for, what it would cost, and a run with what was filled in."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import parser_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.api.endpoints import RunSerializer
from apps.agents.blueprints import Blueprint
from apps.agents.blueprints.registry import all_blueprints
from apps.agents.models import Agent, FormFile
from apps.agents.services import files, form_runs
from apps.core.api import checked
from apps.core.endpoints import api_view
from apps.core.permissions import require
from apps.projects.services import project_of_key
from apps.prompts.api import VariableSerializer
from apps.prompts.types import FILED, KINDS

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key gives the same run, once."
)


class AskedVariableSerializer(VariableSerializer):
    """What a form asks for; the value of a `file` is the id of one that was uploaded, of `files` several with commas between them."""

    kind = serializers.ChoiceField([*KINDS, *FILED])
    title = serializers.CharField(help_text="What people call it.")


class FormFileSerializer(serializers.ModelSerializer):
    class Meta:
        model = FormFile
        fields = ("id", "name", "kind", "size_bytes", "created_at")
        read_only_fields = fields


class FormFileInput(serializers.Serializer):
    file = serializers.FileField(max_length=255)


class FormSerializer(serializers.Serializer):
    name = serializers.CharField()
    description = serializers.CharField()
    version = serializers.IntegerField(
        source="number", allow_null=True, help_text="Of the prompt; null for a blueprint, which has none."
    )
    variables = AskedVariableSerializer(many=True)


class FormInput(serializers.Serializer):
    example = {"values": {"topic": "annual leave", "reader": "staff"}}

    values = serializers.DictField(child=serializers.CharField(max_length=8000, allow_blank=True))
    project = serializers.UUIDField(required=False, help_text="In which the run takes place, and is counted.")


class ExecuteInput(FormInput):
    agent = serializers.UUIDField()


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
    return get_object_or_404(found.with_forms(), pk=pk)


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
    return _started(request, agent)


@extend_schema(tags=["agents"], request=FormInput, responses={202: RunSerializer}, parameters=[IDEMPOTENCY])
@api_view(["POST"])
def execute(request: Request, pk: Any) -> Response:
    """Fill in an agent's form and start it, as a POST to its form does; read the run until its state is final."""
    return _started(request, _agent(request, pk))


@extend_schema(
    operation_id="agents_execute_named",
    tags=["agents"],
    request=ExecuteInput,
    responses={202: RunSerializer},
    parameters=[IDEMPOTENCY],
)
@api_view(["POST"])
def execute_named(request: Request) -> Response:
    """Fill in the form of the agent that the body names and start it."""
    return _started(request, _agent(request, checked(ExecuteInput, request.data)["agent"]))


def _started(request: Request, agent: Agent) -> Response:
    key = request.headers.get("Idempotency-Key", "")[:100]
    run = form_runs.start_form_run(**_asked(request, agent), idempotency_key=key)
    return Response(RunSerializer(run).data, status=202)


@extend_schema(tags=["agents"], request=FormInput, responses=ForecastSerializer)
@api_view(["POST"])
def form_estimate(request: Request, pk: Any) -> Response:
    """Say what a run with these values is expected to cost; nothing is started."""
    found = form_runs.forecast(**_asked(request, _agent(request, pk)))
    return Response(ForecastSerializer(found).data)


@extend_schema(tags=["agents"], request=FormFileInput, responses={201: FormFileSerializer})
@api_view(["POST"])
@parser_classes([MultiPartParser])
def keep_file(request: Request) -> Response:
    """Upload a file that you fill in a form with; its id is the value. It is deleted after 30 days in which no run used it."""
    upload = checked(FormFileInput, request.data)["file"]
    kept = files.keep_file(actor=request.user, upload=upload)
    return Response(FormFileSerializer(kept).data, status=201)


class BlueprintStepSerializer(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()


class BlueprintSerializer(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    variables = AskedVariableSerializer(many=True, source="asks")
    steps = BlueprintStepSerializer(many=True)
    result = serializers.SerializerMethodField(help_text="JSON schema of what its runs come to.")

    @extend_schema_field(serializers.DictField())
    def get_result(self, blueprint: Blueprint) -> Any:
        return blueprint.gives.model_json_schema()


@extend_schema(tags=["agents"], responses=BlueprintSerializer(many=True))
@api_view(["GET"])
def blueprints(request: Request) -> Response:
    """List the blueprints that agents can be made from: what each asks for, does and gives."""
    require(request.user, "agents.use_agent")
    return Response(BlueprintSerializer(all_blueprints(), many=True).data)
