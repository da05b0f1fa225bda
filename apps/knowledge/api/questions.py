"""Labelled questions and measurements for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.services.sharing import require_manage
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.knowledge.models import KnowledgeBase, Measurement, Question
from apps.knowledge.services import questions as services


class QuestionSerializer(serializers.ModelSerializer):
    question = serializers.CharField(source="text")
    document = serializers.CharField(source="document_name")

    class Meta:
        model = Question
        fields = ("id", "question", "document", "quote", "state", "was_good", "remark", "created_at")
        read_only_fields = fields


class QuestionInput(serializers.Serializer):
    question = serializers.CharField(max_length=500)
    document = serializers.CharField(max_length=255, help_text="The name of the document that answers it.")
    quote = serializers.CharField(
        max_length=300, allow_blank=True, default="", help_text="Words of the passage; empty: any."
    )


class QuestionsInput(serializers.Serializer):
    questions = serializers.ListField(child=QuestionInput(), min_length=1, max_length=services.MOST_QUESTIONS)


class QuestionLabelInput(serializers.Serializer):
    document = serializers.CharField(max_length=255, help_text="The name of the document that answers it.")
    quote = serializers.CharField(
        max_length=300, allow_blank=True, default="", help_text="Words of the passage; empty: any."
    )


class CountSerializer(serializers.Serializer):
    count = serializers.IntegerField()


class RankSerializer(serializers.Serializer):
    question = serializers.CharField()
    rank = serializers.IntegerField(allow_null=True, help_text="From 1; null: not among the first ten.")


class MeasurementSerializer(serializers.ModelSerializer):
    figures = serializers.DictField(child=serializers.FloatField(), help_text="recall@1, @5, @10, mrr@10, ndcg@10.")
    ranks = RankSerializer(many=True)

    class Meta:
        model = Measurement
        fields = ("id", "note", "state", "model_name", "passage_count", "figures", "ranks", "created_at")
        read_only_fields = fields


class MeasureInput(serializers.Serializer):
    note = serializers.CharField(max_length=120, allow_blank=True, default="")


def _base(request: Request, pk: Any) -> KnowledgeBase:
    base = get_object_or_404(KnowledgeBase.objects.visible_to(request.user), pk=pk)
    require_manage(request.user, base)
    return base


@extend_schema(
    tags=["knowledge"],
    methods=["GET"],
    responses=paged(QuestionSerializer),
    parameters=[OpenApiParameter("state", str, enum=["labelled", "proposed"])],
)
@extend_schema(tags=["knowledge"], methods=["POST"], request=QuestionsInput, responses={201: CountSerializer})
@api_view(["GET", "POST"])
def questions(request: Request, pk: Any) -> Response:
    """List a collection's labelled questions, or those that feedback proposed; or add some: one that is there is labelled anew."""
    base = _base(request, pk)
    if request.method == "GET":
        is_proposed = request.query_params.get("state") == "proposed"
        found = base.questions.proposed() if is_proposed else base.questions.labelled()
        return listed(request, found, QuestionSerializer)
    rows = checked(QuestionsInput, request.data)["questions"]
    count = services.add_questions(actor=request.user, knowledge_base=base, rows=rows)
    return Response({"count": count}, status=201)


@extend_schema(tags=["knowledge"], responses={204: None})
@api_view(["DELETE"])
def question(request: Request, pk: Any) -> Response:
    """Remove a labelled question; one that is proposed may be proposed again then."""
    services.remove_question(actor=request.user, question=_managed(request, pk))
    return Response(status=204)


@extend_schema(tags=["knowledge"], request=QuestionLabelInput, responses={201: CountSerializer})
@api_view(["POST"])
def question_accept(request: Request, pk: Any) -> Response:
    """Add a question that feedback proposed, with the document that answers it."""
    found = _managed(request, pk)
    count = services.accept_question(actor=request.user, question=found, **checked(QuestionLabelInput, request.data))
    return Response({"count": count}, status=201)


@extend_schema(tags=["knowledge"], request=None, responses={204: None})
@api_view(["POST"])
def question_dismiss(request: Request, pk: Any) -> Response:
    """Drop a question that feedback proposed; it is not proposed again."""
    services.dismiss_question(actor=request.user, question=_managed(request, pk))
    return Response(status=204)


def _managed(request: Request, pk: Any) -> Question:
    mine = KnowledgeBase.objects.manageable_by(request.user)
    return get_object_or_404(Question.objects.select_related("knowledge_base"), pk=pk, knowledge_base__in=mine)


@extend_schema(tags=["knowledge"], methods=["GET"], responses=paged(MeasurementSerializer))
@extend_schema(tags=["knowledge"], methods=["POST"], request=MeasureInput, responses={202: MeasurementSerializer})
@api_view(["GET", "POST"])
def measurements(request: Request, pk: Any) -> Response:
    """List how well the questions were answered each time, or measure again in the background."""
    base = _base(request, pk)
    if request.method == "GET":
        return listed(request, base.measurements.all(), MeasurementSerializer)
    note = checked(MeasureInput, request.data)["note"]
    made = services.measure(actor=request.user, knowledge_base=base, note=note)
    return Response(MeasurementSerializer(made).data, status=202)


urlpatterns = [
    path("knowledge-base/<uuid:pk>/questions", questions, name="api-questions"),
    path("knowledge-base/questions/<uuid:pk>", question, name="api-question"),
    path("knowledge-base/questions/<uuid:pk>/accept", question_accept, name="api-question-accept"),
    path("knowledge-base/questions/<uuid:pk>/dismiss", question_dismiss, name="api-question-dismiss"),
    path("knowledge-base/<uuid:pk>/measurements", measurements, name="api-measurements"),
]
