"""Experiments for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import Agent
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.evaluations.measuring import figures_of
from apps.evaluations.models import Experiment
from apps.evaluations.models.experiments import LEAST_ENOUGH, MOST_ENOUGH
from apps.evaluations.services import experiments as services


class MeasuredSerializer(serializers.Serializer):
    value = serializers.FloatField()
    low = serializers.FloatField(help_text="Of the 95 % interval.")
    high = serializers.FloatField()
    people = serializers.IntegerField()
    count = serializers.IntegerField(help_text="Answers that it comes from.")


class ExperimentDifferenceSerializer(serializers.Serializer):
    value = serializers.FloatField(help_text="How much more the draft has.")
    low = serializers.FloatField()
    high = serializers.FloatField()


class MeasureSerializer(serializers.Serializer):
    control = MeasuredSerializer(allow_null=True, help_text="What is published.")
    challenger = MeasuredSerializer(allow_null=True, help_text="The draft.")
    difference = ExperimentDifferenceSerializer(allow_null=True)


class ArmSerializer(serializers.Serializer):
    people = serializers.IntegerField()
    answers = serializers.IntegerField()


class ArmsSerializer(serializers.Serializer):
    control = ArmSerializer()
    challenger = ArmSerializer()


class MeasuresSerializer(serializers.Serializer):
    rating = MeasureSerializer(help_text="Share of the rated answers that were called good.")
    failures = MeasureSerializer(help_text="Share of the answers that failed.")
    rules = MeasureSerializer(help_text="Share of the answers that a rule stopped.")
    cost = MeasureSerializer(help_text="US dollars an answer.")
    latency = MeasureSerializer(help_text="Seconds an answer.")


class FiguresSerializer(serializers.Serializer):
    arms = ArmsSerializer()
    measures = MeasuresSerializer()


class ExperimentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Experiment
        fields = (
            *("id", "agent", "name", "goal", "percent", "enough", "until", "state", "verdict", "started_by"),
            *("created_at", "ended_at"),
        )
        read_only_fields = fields


class ExperimentDetail(ExperimentSerializer):
    figures = serializers.SerializerMethodField(help_text="As they stand, or as they were at the end.")

    class Meta:
        model = Experiment
        fields = (*ExperimentSerializer.Meta.fields, "figures")
        read_only_fields = fields

    @extend_schema_field(FiguresSerializer)
    def get_figures(self, row: Experiment) -> Any:
        return row.figures or figures_of(row)


class ExperimentInput(serializers.Serializer):
    example = {"agent": "0190a1c2-0000-7000-8000-000000000001", "name": "Shorter answers", "percent": 20}

    agent = serializers.UUIDField(help_text="One with a draft, which answers some of the people.")
    name = serializers.CharField(max_length=80)
    goal = serializers.ChoiceField(choices=Experiment.Goal.choices, required=False, help_text="What decides it.")
    percent = serializers.IntegerField(
        min_value=1, max_value=99, required=False, help_text="Of the people: 50 if left out."
    )
    enough = serializers.IntegerField(
        min_value=LEAST_ENOUGH,
        max_value=MOST_ENOUGH,
        required=False,
        help_text="Answers on each side: 200 if left out.",
    )
    days = serializers.IntegerField(
        min_value=1, max_value=services.MOST_DAYS, required=False, help_text="At most: 14 if left out."
    )


class ExperimentQuery(serializers.Serializer):
    agent = serializers.UUIDField(required=False, help_text="Those on this agent alone.")


def _visible(request: Request, pk: Any) -> Experiment:
    return get_object_or_404(Experiment.objects.visible_to(request.user).select_related("agent"), pk=pk)


@extend_schema(
    tags=["experiments"], methods=["GET"], parameters=[ExperimentQuery], responses=paged(ExperimentSerializer)
)
@extend_schema(tags=["experiments"], methods=["POST"], request=ExperimentInput, responses={201: ExperimentDetail})
@api_view(["GET", "POST"])
def experiments(request: Request) -> Response:
    """List the experiments on agents that you may change, or begin one with an agent's draft."""
    if request.method == "POST":
        values = checked(ExperimentInput, request.data)
        agent = get_object_or_404(Agent.objects.visible_to(request.user), pk=values.pop("agent"))
        made = services.start_experiment(actor=request.user, agent=agent, values=values)
        return Response(ExperimentDetail(made).data, status=201)
    asked = checked(ExperimentQuery, request.query_params)
    return listed(request, Experiment.objects.visible_to(request.user).filter(**asked), ExperimentSerializer)


@extend_schema(tags=["experiments"], responses=ExperimentDetail)
@api_view(["GET"])
def experiment(request: Request, pk: Any) -> Response:
    """Read how an experiment stands, or what came of it."""
    return Response(ExperimentDetail(_visible(request, pk)).data)


@extend_schema(tags=["experiments"], request=None, responses=ExperimentDetail)
@api_view(["POST"])
def end(request: Request, pk: Any) -> Response:
    """End an experiment: what is published answers everybody; the draft stays."""
    services.end_experiment(actor=request.user, experiment=_visible(request, pk))
    return Response(ExperimentDetail(_visible(request, pk)).data)


urlpatterns = [
    path("experiments/", experiments, name="api-experiments"),
    path("experiments/<uuid:pk>", experiment, name="api-experiment"),
    path("experiments/<uuid:pk>/end", end, name="api-experiment-end"),
]
