"""Workflows for API clients: written, started, followed; what waits in them for people."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.workflows import crew
from apps.workflows.flows.steps import Flow
from apps.workflows.models import Execution, ExecutionStep, Workflow
from apps.workflows.services import executions, workflows

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key starts it once."
)


@extend_schema_field(Flow)  # type: ignore[arg-type]
class FlowField(serializers.JSONField):
    """Inputs and steps (see the guide for integrators)."""


class ProblemSerializer(serializers.Serializer):
    step = serializers.CharField(help_text="The name of the step; empty: the whole.")
    field = serializers.CharField()
    words = serializers.CharField()


class WorkflowSerializer(serializers.ModelSerializer):
    flow = FlowField()
    problems = serializers.SerializerMethodField(help_text="What keeps the caller from starting it.")

    class Meta:
        model = Workflow
        fields = ("id", "name", "description", "flow", "is_active", "is_open", "problems", "created_at", "updated_at")
        read_only_fields = fields

    @extend_schema_field(ProblemSerializer(many=True))
    def get_problems(self, row: Workflow) -> Any:
        found = crew.problems_for(row.written, self.context["person"])
        return ProblemSerializer(found, many=True).data


class WorkflowLineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Workflow
        fields = ("id", "name", "description", "is_active", "is_open", "created_at", "updated_at")
        read_only_fields = fields


class WorkflowInput(serializers.Serializer):
    example = {
        "name": "Brief with a look",
        "flow": {
            "inputs": [{"name": "topic"}],
            "steps": [
                {
                    "kind": "agent",
                    "name": "draft",
                    "agent": "7d1f6a52-3c0e-4b5a-9a53-0d6c1f2e8b11",
                    "values": {"topic": "{{ topic }}", "reader": "staff"},
                },
                {"kind": "person", "name": "check", "text": "{{ draft }}"},
            ],
        },
    }

    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    flow = FlowField(required=False)
    is_active = serializers.BooleanField(required=False)


class ExecutionStepSerializer(serializers.ModelSerializer):
    choices = serializers.ListField(child=serializers.CharField())
    gives = serializers.DictField(child=serializers.CharField(), help_text="What a person said.")

    class Meta:
        model = ExecutionStep
        fields = (
            "id",
            "key",
            "title",
            "state",
            "run",
            "text",
            "choices",
            "gives",
            "error",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields


class ExecutionSerializer(serializers.ModelSerializer):
    inputs = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = Execution
        fields = (
            *("id", "workflow", "name", "started_by", "inputs", "state", "error", "answer", "created_at"),
            "finished_at",
        )
        read_only_fields = fields


class ExecutionDetailSerializer(ExecutionSerializer):
    steps = ExecutionStepSerializer(many=True)

    class Meta:
        model = Execution
        fields = (*ExecutionSerializer.Meta.fields, "steps")
        read_only_fields = fields


class ExecutionInput(serializers.Serializer):
    values = serializers.DictField(
        child=serializers.CharField(max_length=8000, allow_blank=True),
        required=False,
        help_text="By the names of the inputs; of a file the id of one that was uploaded.",
    )


class TaskSerializer(ExecutionStepSerializer):
    class Meta:
        model = ExecutionStep
        fields = ("id", "execution", "title", "state", "text", "choices", "gives", "started_at", "finished_at")
        read_only_fields = fields


class DecisionInput(serializers.Serializer):
    choice = serializers.CharField(max_length=60, help_text="One of the task's choices.")
    comment = serializers.CharField(max_length=executions.COMMENT_CHARS, required=False, allow_blank=True)


def _visible(request: Request, pk: Any) -> Workflow:
    found: Workflow = get_object_or_404(Workflow.objects.visible_to(request.user), pk=pk)
    return found


def _answer(request: Request, row: Workflow, *, status: int = 200) -> Response:
    return Response(WorkflowSerializer(row, context={"person": request.user}).data, status=status)


@extend_schema(tags=["workflows"], methods=["GET"], responses=paged(WorkflowLineSerializer))
@extend_schema(tags=["workflows"], methods=["POST"], request=WorkflowInput, responses={201: WorkflowSerializer})
@api_view(["GET", "POST"])
def workflow_rows(request: Request) -> Response:
    """List workflows, or make one; it may hold problems while it is written, and starts without any."""
    if request.method == "POST":
        made = workflows.save_workflow(actor=request.user, values=checked(WorkflowInput, request.data))
        return _answer(request, made, status=201)
    return listed(request, Workflow.objects.visible_to(request.user), WorkflowLineSerializer)


@extend_schema(tags=["workflows"], methods=["GET"], responses=WorkflowSerializer)
@extend_schema(tags=["workflows"], methods=["PATCH"], request=WorkflowInput, responses=WorkflowSerializer)
@extend_schema(tags=["workflows"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PATCH", "DELETE"])
def workflow(request: Request, pk: Any) -> Response:
    """Read a workflow with its steps and what is wrong with them, change or remove it; what is left out stays."""
    row = _visible(request, pk)
    if request.method == "DELETE":
        workflows.remove_workflow(actor=request.user, workflow=row)
        return Response(status=204)
    if request.method == "PATCH":
        serializer = WorkflowInput(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        row = workflows.save_workflow(actor=request.user, workflow=row, values=serializer.validated_data)
    return _answer(request, row)


@extend_schema(
    tags=["workflows"], request=ExecutionInput, responses={202: ExecutionDetailSerializer}, parameters=[IDEMPOTENCY]
)
@api_view(["POST"])
def start(request: Request, pk: Any) -> Response:
    """Start a workflow (409 while it holds problems); read the execution for what comes of it."""
    given = checked(ExecutionInput, request.data).get("values", {})
    key = request.headers.get("Idempotency-Key", "")
    begun = executions.start_execution(
        actor=request.user, workflow=_visible(request, pk), given=given, idempotency_key=key
    )
    return Response(ExecutionDetailSerializer(begun).data, status=202)


@extend_schema(tags=["workflows"], responses=paged(ExecutionSerializer))
@api_view(["GET"])
def workflow_executions(request: Request, pk: Any) -> Response:
    """List what a workflow came to, newest first: what one started oneself, and everybody's for those who may see it."""
    found = Execution.objects.visible_to(request.user).filter(workflow=_visible(request, pk))
    return listed(request, found, ExecutionSerializer)


def _seen(request: Request, pk: Any) -> Execution:
    return get_object_or_404(Execution.objects.visible_to(request.user).prefetch_related("steps"), pk=pk)


@extend_schema(tags=["workflows"], responses=paged(ExecutionSerializer))
@api_view(["GET"])
def execution_rows(request: Request) -> Response:
    """List executions of all workflows, newest first."""
    return listed(request, Execution.objects.visible_to(request.user), ExecutionSerializer)


@extend_schema(tags=["workflows"], methods=["GET"], responses=ExecutionDetailSerializer)
@extend_schema(tags=["workflows"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "DELETE"])
def execution(request: Request, pk: Any) -> Response:
    """Read how far an execution is and what it came to, or forget it (409 while it runs); its runs stay."""
    row = _seen(request, pk)
    if request.method == "DELETE":
        executions.remove_execution(actor=request.user, execution=row)
        return Response(status=204)
    return Response(ExecutionDetailSerializer(row).data)


@extend_schema(tags=["workflows"], request=None, responses={202: ExecutionDetailSerializer})
@api_view(["POST"])
def stop(request: Request, pk: Any) -> Response:
    """Begin no further step, and stop those on their way (409 for one that has ended)."""
    executions.stop_execution(actor=request.user, execution=_seen(request, pk))
    return Response(ExecutionDetailSerializer(_seen(request, pk)).data, status=202)


@extend_schema(tags=["workflows"], request=None, responses={202: ExecutionDetailSerializer})
@api_view(["POST"])
def again(request: Request, pk: Any) -> Response:
    """Have an execution go on from where it failed or was stopped: steps that are done stay done (409 for any other)."""
    executions.go_on(actor=request.user, execution=_seen(request, pk))
    return Response(ExecutionDetailSerializer(_seen(request, pk)).data, status=202)


@extend_schema(tags=["workflows"], responses=paged(TaskSerializer))
@api_view(["GET"])
def tasks(request: Request) -> Response:
    """List what waits for the caller's decision, newest first."""
    found = ExecutionStep.objects.for_decision_by(request.user).distinct()
    return listed(request, found, TaskSerializer, ordering="-started_at")


@extend_schema(tags=["workflows"], responses=TaskSerializer)
@api_view(["GET"])
def task(request: Request, pk: Any) -> Response:
    """Read what is to be decided, or was."""
    found = ExecutionStep.objects.asked_of(request.user).distinct()
    return Response(TaskSerializer(get_object_or_404(found, pk=pk)).data)


@extend_schema(tags=["workflows"], request=DecisionInput, responses=TaskSerializer)
@api_view(["POST"])
def decide(request: Request, pk: Any) -> Response:
    """Decide (403 for somebody else's, 409 when it is decided). API keys do not decide: people do."""
    found = ExecutionStep.objects.asked_of(request.user).distinct()
    row = get_object_or_404(found, pk=pk)
    return Response(
        TaskSerializer(executions.decide(actor=request.user, step=row, **checked(DecisionInput, request.data))).data
    )
