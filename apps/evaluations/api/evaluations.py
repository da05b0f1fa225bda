"""Evaluation sets, their cases and runs of them, for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import Agent
from apps.conversations.models import Feedback
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.errors import InvalidInput
from apps.evaluations.models import CaseResult, EvaluationCase, EvaluationRun, EvaluationSet, Grader
from apps.evaluations.services import runs, sets
from apps.providers.models import ProviderModel

EXPECTED = (
    "By grader: `contains` words or phrases, one in a line; `exact` the whole answer; `schema` a JSON schema, as text; `similar` an"
    " answer that means the same; `judge` what a good answer says and does."
)


class EvaluationSetSerializer(serializers.ModelSerializer):
    size = serializers.IntegerField(help_text="Cases in it.")

    class Meta:
        model = EvaluationSet
        fields = (
            *("id", "agent", "name", "description", "is_guard", "tolerance", "judge", "embedder", "size"),
            *("created_at", "updated_at"),
        )
        read_only_fields = fields


class EvaluationSetChange(serializers.Serializer):
    name = serializers.CharField(max_length=80, required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    is_guard = serializers.BooleanField(
        required=False, help_text="A draft that passes fewer cases than what is published is not published."
    )
    tolerance = serializers.IntegerField(
        min_value=0,
        max_value=sets.MOST_TOLERANCE,
        required=False,
        help_text="Fewer by so many percentage points are let off.",
    )
    judge = serializers.PrimaryKeyRelatedField(
        queryset=ProviderModel.objects.filter(purpose="chat"), required=False, allow_null=True
    )
    embedder = serializers.PrimaryKeyRelatedField(
        queryset=ProviderModel.objects.filter(purpose="embedding"), required=False, allow_null=True
    )


class EvaluationSetInput(EvaluationSetChange):
    example = {"agent": "0190a1c2-0000-7000-8000-000000000001", "name": "What people ask about leave", "is_guard": True}

    agent = serializers.UUIDField()
    name = serializers.CharField(max_length=80)


class EvaluationCaseSerializer(serializers.ModelSerializer):
    values = serializers.DictField(
        child=serializers.CharField(), help_text="What is filled in, for an agent with a form."
    )
    origin = serializers.UUIDField(allow_null=True, help_text="The answer whose feedback it was made from.")

    class Meta:
        model = EvaluationCase
        fields = ("id", "question", "values", "grader", "expected", "threshold", "origin", "created_at", "updated_at")
        read_only_fields = fields


class EvaluationCaseChange(serializers.Serializer):
    question = serializers.CharField(required=False, allow_blank=True)
    values = serializers.DictField(
        child=serializers.CharField(max_length=8000, allow_blank=True),
        required=False,
        help_text="For an agent with a form, what is filled in, in place of a question.",
    )
    grader = serializers.ChoiceField(choices=Grader.choices, required=False)
    expected = serializers.CharField(required=False, help_text=EXPECTED)
    threshold = serializers.FloatField(
        min_value=0,
        max_value=1,
        required=False,
        help_text="The least likeness or mark that passes, of `similar` and `judge`.",
    )


class EvaluationCaseInput(EvaluationCaseChange):
    example = {"question": "How many days of leave do I have?", "grader": "contains", "expected": "28 days"}

    expected = serializers.CharField(required=False, help_text=f"{EXPECTED} May be left out with `feedback`.")
    feedback = serializers.UUIDField(
        required=False,
        help_text="An answer that somebody said something of: the case is filled with that, where nothing else is said.",
    )


class EvaluationCasesInput(serializers.Serializer):
    example = {"cases": [{"question": "Who approves travel?", "expected": "the line manager"}]}

    cases = serializers.ListField(child=EvaluationCaseChange(), allow_empty=False, max_length=sets.MOST_CASES)


class CasesAddedSerializer(serializers.Serializer):
    added = serializers.IntegerField()


class EvaluationRunSerializer(serializers.ModelSerializer):
    version = serializers.IntegerField(
        source="version.number",
        default=None,
        allow_null=True,
        help_text="Of the agent; none for a draft, and before its first change.",
    )
    total = serializers.IntegerField(help_text="Cases in it.")
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    broken = serializers.IntegerField(help_text="Cases that could not be asked or graded.")
    left = serializers.IntegerField(help_text="Cases that are not graded yet.")

    class Meta:
        model = EvaluationRun
        fields = (
            *(
                "id",
                "evaluation_set",
                "state",
                "is_draft",
                "version",
                "started_by",
                "reason",
                "total",
                "passed",
                "failed",
            ),
            *("broken", "left", "created_at", "finished_at"),
        )
        read_only_fields = fields


class EvaluationRunInput(serializers.Serializer):
    example = {"draft": True}

    draft = serializers.BooleanField(default=False, help_text="Ask the agent's draft, not what is published.")


class CaseResultSerializer(serializers.ModelSerializer):
    class Meta:
        model = CaseResult
        fields = (
            *("number", "case", "question", "values", "grader", "expected", "threshold", "state", "score", "reason"),
            *("answer", "run"),
        )
        read_only_fields = fields


class ComparedSerializer(serializers.Serializer):
    change = serializers.ChoiceField(choices=("worse", "better", "new", "same"))
    after = CaseResultSerializer()
    before = CaseResultSerializer(allow_null=True)


class ComparisonSerializer(serializers.Serializer):
    better = serializers.IntegerField()
    worse = serializers.IntegerField()
    cases = ComparedSerializer(many=True, help_text="Those that came out otherwise first.")


class EvaluationQuery(serializers.Serializer):
    agent = serializers.UUIDField(required=False, help_text="Sets of this agent alone.")


class ResultQuery(serializers.Serializer):
    state = serializers.ChoiceField(
        choices=CaseResult.State.choices, required=False, help_text="Those in this state alone."
    )


class ComparisonQuery(serializers.Serializer):
    before = serializers.UUIDField(help_text="A run of the same set.")


def _set(request: Request, pk: Any) -> EvaluationSet:
    found = EvaluationSet.objects.visible_to(request.user).with_sizes().select_related("agent", "judge", "embedder")
    return get_object_or_404(found, pk=pk)


def _case(request: Request, pk: Any) -> EvaluationCase:
    found = EvaluationCase.objects.visible_to(request.user).select_related("evaluation_set__agent")
    return get_object_or_404(found, pk=pk)


def _run(request: Request, pk: Any) -> EvaluationRun:
    found = (
        EvaluationRun.objects.visible_to(request.user).with_counts().select_related("evaluation_set__agent", "version")
    )
    return get_object_or_404(found, pk=pk)


@extend_schema(
    tags=["evaluations"],
    methods=["GET"],
    parameters=[EvaluationQuery],
    responses=paged(EvaluationSetSerializer),
)
@extend_schema(
    tags=["evaluations"], methods=["POST"], request=EvaluationSetInput, responses={201: EvaluationSetSerializer}
)
@api_view(["GET", "POST"])
def evaluations(request: Request) -> Response:
    """List the evaluation sets of agents that you may change, or make one."""
    if request.method == "POST":
        values = checked(EvaluationSetInput, request.data)
        agent = get_object_or_404(Agent.objects.visible_to(request.user), pk=values.pop("agent"))
        made = sets.save_set(actor=request.user, values=values, agent=agent)
        return Response(EvaluationSetSerializer(_set(request, made.pk)).data, status=201)
    asked = checked(EvaluationQuery, request.query_params)
    found = EvaluationSet.objects.visible_to(request.user).filter(**asked).with_sizes()
    return listed(request, found, EvaluationSetSerializer)


@extend_schema(tags=["evaluations"], methods=["GET"], responses=EvaluationSetSerializer)
@extend_schema(tags=["evaluations"], methods=["PATCH"], request=EvaluationSetChange, responses=EvaluationSetSerializer)
@extend_schema(tags=["evaluations"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PATCH", "DELETE"])
def evaluation(request: Request, pk: Any) -> Response:
    """Read, change or remove an evaluation set; its cases and what came of them go with it."""
    row = _set(request, pk)
    if request.method == "DELETE":
        sets.remove_set(actor=request.user, evaluation_set=row)
        return Response(status=204)
    if request.method == "PATCH":
        values = checked(EvaluationSetChange, request.data)
        sets.save_set(actor=request.user, values=values, agent=row.agent, evaluation_set=row)
    return Response(EvaluationSetSerializer(_set(request, pk)).data)


@extend_schema(tags=["evaluations"], methods=["GET"], responses=paged(EvaluationCaseSerializer))
@extend_schema(
    tags=["evaluations"], methods=["POST"], request=EvaluationCaseInput, responses={201: EvaluationCaseSerializer}
)
@api_view(["GET", "POST"])
def cases(request: Request, pk: Any) -> Response:
    """List the cases of a set, or add one."""
    row = _set(request, pk)
    if request.method == "GET":
        return listed(request, row.cases.all(), EvaluationCaseSerializer, ordering="created_at")
    values = checked(EvaluationCaseInput, request.data)
    about = values.pop("feedback", None)
    if about is not None:
        values = {**sets.proposal_of(_said(row, about)), **values}
    elif "expected" not in values:
        raise InvalidInput(_("Write what is expected."), field="expected")
    made = sets.save_case(actor=request.user, evaluation_set=row, values=values)
    return Response(EvaluationCaseSerializer(made).data, status=201)


def _said(row: EvaluationSet, message: Any) -> Feedback:
    said = Feedback.objects.about(row.agent).filter(message=message).first()
    if said is None:
        raise InvalidInput(_("Nobody said anything of this answer."), field="feedback")
    return said


@extend_schema(tags=["evaluations"], request=EvaluationCasesInput, responses={201: CasesAddedSerializer})
@api_view(["POST"])
def bulk(request: Request, pk: Any) -> Response:
    """Add several cases, or none of them when one does not fit."""
    rows = checked(EvaluationCasesInput, request.data)["cases"]
    added = sets.add_cases(actor=request.user, evaluation_set=_set(request, pk), rows=rows)
    return Response({"added": added}, status=201)


@extend_schema(tags=["evaluations"], methods=["GET"], responses=EvaluationCaseSerializer)
@extend_schema(
    tags=["evaluations"], methods=["PATCH"], request=EvaluationCaseChange, responses=EvaluationCaseSerializer
)
@extend_schema(tags=["evaluations"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PATCH", "DELETE"])
def case(request: Request, pk: Any) -> Response:
    """Read, change or remove a case; what came of it stays."""
    row = _case(request, pk)
    if request.method == "DELETE":
        sets.remove_case(actor=request.user, case=row)
        return Response(status=204)
    if request.method == "PATCH":
        values = checked(EvaluationCaseChange, request.data)
        row = sets.save_case(actor=request.user, evaluation_set=row.evaluation_set, values=values, case=row)
    return Response(EvaluationCaseSerializer(row).data)


@extend_schema(tags=["evaluations"], methods=["GET"], responses=paged(EvaluationRunSerializer))
@extend_schema(
    tags=["evaluations"], methods=["POST"], request=EvaluationRunInput, responses={202: EvaluationRunSerializer}
)
@api_view(["GET", "POST"])
def evaluation_runs(request: Request, pk: Any) -> Response:
    """List how a set fared, or have it run."""
    row = _set(request, pk)
    if request.method == "GET":
        found = EvaluationRun.objects.with_counts().filter(evaluation_set=row).select_related("version")
        return listed(request, found, EvaluationRunSerializer)
    is_draft = checked(EvaluationRunInput, request.data)["draft"]
    made = runs.start_evaluation(actor=request.user, evaluation_set=row, is_draft=is_draft)
    return Response(EvaluationRunSerializer(_run(request, made.pk)).data, status=202)


@extend_schema(tags=["evaluations"], responses=EvaluationRunSerializer)
@api_view(["GET"])
def evaluation_run(request: Request, pk: Any) -> Response:
    """Read how far a run is, and what came of it."""
    return Response(EvaluationRunSerializer(_run(request, pk)).data)


@extend_schema(tags=["evaluations"], request=None, responses=EvaluationRunSerializer)
@api_view(["POST"])
def stop(request: Request, pk: Any) -> Response:
    """Ask no further case; what is graded stays."""
    runs.stop_evaluation(actor=request.user, evaluation_run=_run(request, pk))
    return Response(EvaluationRunSerializer(_run(request, pk)).data)


@extend_schema(
    tags=["evaluations"],
    parameters=[ResultQuery],
    responses=paged(CaseResultSerializer),
)
@api_view(["GET"])
def results(request: Request, pk: Any) -> Response:
    """List what came of each case, in their order."""
    found = _run(request, pk).results.filter(**checked(ResultQuery, request.query_params))
    return listed(request, found, CaseResultSerializer, ordering="number")


@extend_schema(
    tags=["evaluations"],
    parameters=[ComparisonQuery],
    responses=ComparisonSerializer,
)
@api_view(["GET"])
def compare(request: Request, pk: Any) -> Response:
    """Compare a run with another one of the same set, case by case."""
    row = _run(request, pk)
    key = checked(ComparisonQuery, request.query_params)["before"]
    other = get_object_or_404(EvaluationRun, evaluation_set=row.evaluation_set, pk=key)
    found = runs.compared(other, row)
    counts = {name: sum(each.change == name for each in found) for name in ("better", "worse")}
    return Response(ComparisonSerializer({**counts, "cases": found}).data)


urlpatterns = [
    path("evaluations/", evaluations, name="api-evaluations"),
    path("evaluations/<uuid:pk>", evaluation, name="api-evaluation"),
    path("evaluations/<uuid:pk>/cases", cases, name="api-evaluation-cases"),
    path("evaluations/<uuid:pk>/cases/bulk", bulk, name="api-evaluation-cases-bulk"),
    path("evaluations/<uuid:pk>/runs", evaluation_runs, name="api-evaluation-runs"),
    path("evaluations/cases/<uuid:pk>", case, name="api-evaluation-case"),
    path("evaluations/runs/<uuid:pk>", evaluation_run, name="api-evaluation-run"),
    path("evaluations/runs/<uuid:pk>/stop", stop, name="api-evaluation-stop"),
    path("evaluations/runs/<uuid:pk>/results", results, name="api-evaluation-results"),
    path("evaluations/runs/<uuid:pk>/compare", compare, name="api-evaluation-compare"),
]
