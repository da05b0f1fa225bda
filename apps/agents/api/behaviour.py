"""How agents answer, for API clients (API-5, `config/agents`): behaviour, personalities, business rules."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents import composing
from apps.agents.models import Agent, Personality, Rule, RuleSet
from apps.agents.services import behaviour as services
from apps.agents.services import personalities, rule_sets
from apps.core.api import checked
from apps.core.endpoints import api_view
from apps.core.errors import Conflict
from apps.core.permissions import require
from apps.prompts.models import Prompt
from apps.prompts.templating import MAX_TEXT_CHARS
from apps.providers.models import ProviderModel


class PersonalitySerializer(serializers.ModelSerializer):
    is_shipped = serializers.BooleanField(source="key", read_only=True)

    class Meta:
        model = Personality
        fields = ("id", "name", "traits", "tone", "approach", "is_shipped")
        read_only_fields = fields


class PersonalityInput(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    traits = serializers.ListField(child=serializers.CharField(max_length=40), max_length=10, required=False)
    tone = serializers.CharField(max_length=200, required=False, allow_blank=True)
    approach = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class BusinessRuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = Rule
        fields = ("name", "stage", "action", "mentions", "unless", "text")
        read_only_fields = fields


class RuleSetSerializer(serializers.ModelSerializer):
    is_shipped = serializers.BooleanField(source="key", read_only=True)
    rules = BusinessRuleSerializer(many=True, read_only=True)

    class Meta:
        model = RuleSet
        fields = ("id", "name", "description", "guidance", "is_shipped", "rules")
        read_only_fields = fields


class BusinessRuleInput(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    stage = serializers.ChoiceField(Rule.Stage.choices)
    action = serializers.ChoiceField(Rule.Action.choices)
    mentions = serializers.ListField(child=serializers.CharField(max_length=100), max_length=100, default=list)
    unless = serializers.ListField(child=serializers.CharField(max_length=100), max_length=100, default=list)
    text = serializers.CharField(max_length=2000, default="", allow_blank=True)


class RuleSetInput(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    guidance = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    rules = BusinessRuleInput(many=True, required=False)


class SectionSerializer(serializers.Serializer):
    origin = serializers.ChoiceField(["prompt", "instructions", "personality", "rules", "memory", "citing"])
    title = serializers.CharField()
    text = serializers.CharField()


class BehaviourSerializer(serializers.Serializer):
    instructions = serializers.CharField()
    model = serializers.UUIDField(source="model_id", allow_null=True)
    prompt = serializers.UUIDField(source="prompt_id", allow_null=True)
    prompt_label = serializers.CharField()
    prompt_version = serializers.IntegerField(source="prompt_version.number", allow_null=True, default=None)
    prompt_values = serializers.DictField(child=serializers.CharField())
    form = serializers.UUIDField(source="form_id", allow_null=True)
    form_label = serializers.CharField()
    personality = serializers.UUIDField(source="personality_id", allow_null=True)
    rule_sets = serializers.ListField(child=serializers.UUIDField(), source="rule_set_ids")
    told = SectionSerializer(
        many=True, help_text="What the model is told now, in order; empty while `problem` says why not."
    )
    problem = serializers.CharField()


class BehaviourInput(serializers.Serializer):
    instructions = serializers.CharField(max_length=MAX_TEXT_CHARS, required=False, allow_blank=True)
    model = serializers.PrimaryKeyRelatedField(
        queryset=ProviderModel.objects.for_chat(), required=False, allow_null=True
    )
    prompt = serializers.PrimaryKeyRelatedField(queryset=Prompt.objects.all(), required=False, allow_null=True)
    prompt_label = serializers.CharField(max_length=40, required=False, allow_blank=True)
    prompt_version = serializers.IntegerField(min_value=1, max_value=2_000_000_000, required=False, allow_null=True)
    prompt_values = serializers.DictField(
        child=serializers.CharField(max_length=8000, allow_blank=True), required=False
    )
    form = serializers.PrimaryKeyRelatedField(queryset=Prompt.objects.all(), required=False, allow_null=True)
    form_label = serializers.CharField(max_length=40, required=False, allow_blank=True)
    personality = serializers.PrimaryKeyRelatedField(
        queryset=Personality.objects.all(), required=False, allow_null=True
    )
    rule_sets = serializers.PrimaryKeyRelatedField(queryset=RuleSet.objects.all(), many=True, required=False)


class AgentsConfigSerializer(serializers.Serializer):
    personalities = PersonalitySerializer(many=True)
    rule_sets = RuleSetSerializer(many=True)


@extend_schema(tags=["config"], responses=AgentsConfigSerializer)
@api_view(["GET"])
def config(request: Request) -> Response:
    """Read what agents can be given: personalities and sets of business rules."""
    require(request.user, personalities.VIEW)
    require(request.user, rule_sets.VIEW)
    found = {"personalities": Personality.objects.all(), "rule_sets": RuleSet.objects.prefetch_related("rules")}
    return Response(AgentsConfigSerializer(found).data)


@extend_schema(tags=["config"], request=PersonalityInput, responses={201: PersonalitySerializer})
@api_view(["POST"])
def personality_list(request: Request) -> Response:
    """Write a personality."""
    require(request.user, personalities.CHANGE)
    made = personalities.save_personality(actor=request.user, values=checked(PersonalityInput, request.data))
    return Response(PersonalitySerializer(made).data, status=201)


@extend_schema(tags=["config"], methods=["GET"], responses=PersonalitySerializer)
@extend_schema(tags=["config"], methods=["PUT"], request=PersonalityInput, responses=PersonalitySerializer)
@extend_schema(tags=["config"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PUT", "DELETE"])
def personality(request: Request, pk: Any) -> Response:
    """Read a personality; change or remove one of your own (409 for one that ships, or that an agent has)."""
    require(request.user, personalities.VIEW if request.method == "GET" else personalities.CHANGE)
    row = get_object_or_404(Personality, pk=pk)
    if request.method == "DELETE":
        personalities.remove_personality(actor=request.user, personality=row)
        return Response(status=204)
    if request.method == "PUT":
        values = checked(PersonalityInput, request.data)
        row = personalities.save_personality(actor=request.user, values=values, personality=row)
    return Response(PersonalitySerializer(row).data)


@extend_schema(tags=["config"], request=RuleSetInput, responses={201: RuleSetSerializer})
@api_view(["POST"])
def rule_set_list(request: Request) -> Response:
    """Write a set of business rules."""
    require(request.user, rule_sets.CHANGE)
    values = checked(RuleSetInput, request.data)
    made = rule_sets.save_rule_set(actor=request.user, rules=values.pop("rules", None), values=values)
    return Response(RuleSetSerializer(made).data, status=201)


@extend_schema(tags=["config"], methods=["GET"], responses=RuleSetSerializer)
@extend_schema(tags=["config"], methods=["PUT"], request=RuleSetInput, responses=RuleSetSerializer)
@extend_schema(tags=["config"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PUT", "DELETE"])
def rule_set(request: Request, pk: Any) -> Response:
    """Read a set; change or remove one of your own. `rules`, when given, are all its rules from then on."""
    require(request.user, rule_sets.VIEW if request.method == "GET" else rule_sets.CHANGE)
    row = get_object_or_404(RuleSet, pk=pk)
    if request.method == "DELETE":
        rule_sets.remove_rule_set(actor=request.user, rule_set=row)
        return Response(status=204)
    if request.method == "PUT":
        values = checked(RuleSetInput, request.data)
        rules = values.pop("rules", None)
        row = rule_sets.save_rule_set(actor=request.user, rules=rules, values=values, rule_set=row)
    return Response(RuleSetSerializer(row).data)


@extend_schema(tags=["config"], request=None, responses={201: RuleSetSerializer})
@api_view(["POST"])
def rule_set_copy(request: Request, pk: Any) -> Response:
    """Copy a set with its rules, to be changed."""
    require(request.user, rule_sets.CHANGE)
    made = rule_sets.copy_rule_set(actor=request.user, rule_set=get_object_or_404(RuleSet, pk=pk))
    return Response(RuleSetSerializer(made).data, status=201)


@extend_schema(tags=["agents"], methods=["GET"], responses=BehaviourSerializer)
@extend_schema(tags=["agents"], methods=["PATCH"], request=BehaviourInput, responses=BehaviourSerializer)
@api_view(["GET", "PATCH"])
def agent_behaviour(request: Request, pk: Any) -> Response:
    """Read how an agent answers and what its model is told, or change it from its next run on."""
    agent = get_object_or_404(Agent.objects.with_drafts_for(request.user), pk=pk)
    services.require_change(request.user, agent)
    if request.method == "PATCH":
        values = checked(BehaviourInput, request.data)
        if "prompt_version" in values or "prompt_label" in values or "prompt" in values:
            values |= _chosen(agent, values)
        services.set_behaviour(actor=request.user, agent=agent, values=values)
    return Response(BehaviourSerializer(_shown(request, pk)).data)


def _chosen(agent: Agent, values: dict[str, Any]) -> dict[str, Any]:
    """Return the prompt with its label or version; what is not named stays, but that a new label takes a version's place."""
    prompt = values.get("prompt", agent.prompt)
    number = values.get("prompt_version")
    if prompt is None:
        return {"prompt": None, "prompt_version": None, "prompt_label": ""}
    if number is not None:
        return {"prompt": prompt, "prompt_version": get_object_or_404(prompt.versions, number=number)}
    is_kept = "prompt_label" not in values and prompt == agent.prompt and "prompt_version" not in values
    version = agent.prompt_version if is_kept else None
    return {"prompt": prompt, "prompt_version": version, "prompt_label": values.get("prompt_label", agent.prompt_label)}


def _shown(request: Request, pk: Any) -> Any:
    agent: Any = Agent.objects.select_related("prompt", "prompt_version", "personality").get(pk=pk)
    agent.told, agent.problem, agent.rule_set_ids = [], "", [rules.pk for rules in agent.rule_sets.all()]
    try:
        agent.told = composing.sections_of(agent, request.user)
    except Conflict as error:
        agent.problem = str(error.message)
    return agent
