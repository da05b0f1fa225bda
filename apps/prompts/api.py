"""Prompts for API clients (API-7)."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.permissions import require
from apps.prompts.models import Prompt, PromptLabel, PromptVersion
from apps.prompts.rendering import difference
from apps.prompts.services import library, trials
from apps.prompts.templating import MAX_TEXT_CHARS, checked_values, given_values, render
from apps.prompts.types import KINDS, Variable
from apps.providers.models import ProviderModel
from apps.providers.registry import default_model


class VariableSerializer(serializers.Serializer):
    name = serializers.RegexField(r"^[a-z][a-z0-9_]{0,39}$")
    kind = serializers.ChoiceField(KINDS, default="text")
    help = serializers.CharField(max_length=200, default="", allow_blank=True)
    default = serializers.CharField(max_length=8000, default="", allow_blank=True)
    is_required = serializers.BooleanField(default=True)
    choices = serializers.ListField(child=serializers.CharField(max_length=200), default=list, max_length=50)


class VersionSerializer(serializers.ModelSerializer):
    variables = serializers.SerializerMethodField()

    class Meta:
        model = PromptVersion
        fields = ("id", "number", "text", "variables", "note", "written_by", "created_at")
        read_only_fields = fields

    @extend_schema_field(VariableSerializer(many=True))
    def get_variables(self, version: PromptVersion) -> Any:
        return version.declared


class VersionInput(serializers.Serializer):
    text = serializers.CharField(max_length=MAX_TEXT_CHARS, trim_whitespace=False)
    variables = VariableSerializer(many=True, required=False)
    note = serializers.CharField(max_length=200, default="", allow_blank=True)


class LabelSerializer(serializers.ModelSerializer):
    version = serializers.IntegerField(source="version.number")
    former = serializers.IntegerField(source="former.number", allow_null=True, default=None)

    class Meta:
        model = PromptLabel
        fields = ("name", "version", "former", "moved_at")
        read_only_fields = fields


class LabelInput(serializers.Serializer):
    version = serializers.IntegerField(min_value=1, max_value=2_000_000_000)


class PromptSerializer(serializers.ModelSerializer):
    labels = LabelSerializer(many=True, read_only=True)

    class Meta:
        model = Prompt
        fields = ("id", "name", "description", "labels", "created_at", "updated_at")
        read_only_fields = fields


class PromptChange(serializers.Serializer):
    name = serializers.CharField(max_length=80, required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)


class PromptInput(VersionInput):
    example = {"name": "Letter", "text": "Write a letter to {{ name }} about {{ topic }}."}

    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=200, default="", allow_blank=True)


class DiffLineSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(["same", "added", "removed"])
    before = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)
    text = serializers.CharField()


class CompareQuery(serializers.Serializer):
    before = serializers.IntegerField(min_value=1, max_value=2_000_000_000)
    after = serializers.IntegerField(min_value=1, max_value=2_000_000_000)


class RenderInput(serializers.Serializer):
    version = serializers.IntegerField(min_value=1, max_value=2_000_000_000, required=False)
    values = serializers.DictField(child=serializers.CharField(max_length=8000, allow_blank=True), default=dict)


class RenderedSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    text = serializers.CharField()


class PromptTrialInput(RenderInput):
    beside = serializers.IntegerField(min_value=1, max_value=2_000_000_000, required=False)
    question = serializers.CharField(max_length=8000)
    model = serializers.PrimaryKeyRelatedField(
        queryset=ProviderModel.objects.for_chat().select_related("provider"),
        required=False,
        help_text="Without: the default model.",
    )


class PromptTrialSerializer(serializers.Serializer):
    version = serializers.IntegerField(source="number")
    text = serializers.CharField()
    answer = serializers.CharField()
    problem = serializers.CharField()
    took_s = serializers.FloatField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost = serializers.DecimalField(max_digits=20, decimal_places=8)


def _variables(values: dict[str, Any]) -> list[Variable]:
    return [Variable.from_json(dict(raw)) for raw in values.pop("variables", ())]


def _version(prompt: Prompt, number: int | None) -> PromptVersion:
    found = prompt.versions.filter(number=number) if number else prompt.versions.all()[:1]
    return get_object_or_404(found)


@extend_schema(tags=["prompts"], methods=["GET"], responses=paged(PromptSerializer))
@extend_schema(tags=["prompts"], methods=["POST"], request=PromptInput, responses={201: PromptSerializer})
@api_view(["GET", "POST"])
def prompts(request: Request) -> Response:
    """List prompts, newest first, or write one: its first version is the draft."""
    if request.method == "GET":
        require(request.user, library.VIEW)
        found = Prompt.objects.prefetch_related("labels__version", "labels__former")
        return listed(request, found.matching(request.query_params.get("q", "")), PromptSerializer)
    require(request.user, library.CHANGE)
    values = checked(PromptInput, request.data)
    made = library.create_prompt(actor=request.user, variables=_variables(values), **values)
    return Response(PromptSerializer(made).data, status=201)


@extend_schema(tags=["prompts"], methods=["PATCH"], request=PromptChange, responses=PromptSerializer)
@extend_schema(tags=["prompts"], methods=["DELETE"], responses={204: None})
@extend_schema(tags=["prompts"], methods=["GET"], responses=PromptSerializer)
@api_view(["GET", "PATCH", "DELETE"])
def prompt(request: Request, pk: Any) -> Response:
    """Read a prompt, rename or describe it, or remove it (409 while an agent uses it)."""
    require(request.user, library.VIEW if request.method == "GET" else library.CHANGE)
    found = get_object_or_404(Prompt, pk=pk)
    if request.method == "DELETE":
        library.remove_prompt(actor=request.user, prompt=found)
        return Response(status=204)
    if request.method == "PATCH":
        values = {"name": found.name, "description": found.description} | checked(PromptChange, request.data)
        found = library.describe_prompt(actor=request.user, prompt=found, **values)
    return Response(PromptSerializer(found).data)


@extend_schema(tags=["prompts"], methods=["GET"], responses=paged(VersionSerializer))
@extend_schema(tags=["prompts"], methods=["POST"], request=VersionInput, responses={201: VersionSerializer})
@api_view(["GET", "POST"])
def versions(request: Request, pk: Any) -> Response:
    """List a prompt's versions, newest first, or write a further one, which becomes the draft."""
    require(request.user, library.VIEW if request.method == "GET" else library.CHANGE)
    found = get_object_or_404(Prompt, pk=pk)
    if request.method == "GET":
        return listed(request, found.versions.all(), VersionSerializer)
    values = checked(VersionInput, request.data)
    made = library.add_version(actor=request.user, prompt=found, variables=_variables(values), **values)
    return Response(VersionSerializer(made).data, status=201)


@extend_schema(tags=["prompts"], responses=VersionSerializer)
@api_view(["GET"])
def version(request: Request, pk: Any, number: int) -> Response:
    """Read one version."""
    require(request.user, library.VIEW)
    return Response(VersionSerializer(_version(get_object_or_404(Prompt, pk=pk), number)).data)


@extend_schema(tags=["prompts"], parameters=[CompareQuery], responses=DiffLineSerializer(many=True))
@api_view(["GET"])
def compare(request: Request, pk: Any) -> Response:
    """Compare the texts of two versions, line by line."""
    require(request.user, library.VIEW)
    found, wanted = get_object_or_404(Prompt, pk=pk), checked(CompareQuery, request.query_params)
    lines = difference(_version(found, wanted["before"]).text, _version(found, wanted["after"]).text)
    return Response(DiffLineSerializer(lines, many=True).data)


@extend_schema(tags=["prompts"], methods=["PUT"], request=LabelInput, responses=LabelSerializer)
@extend_schema(tags=["prompts"], methods=["DELETE"], responses={204: None})
@api_view(["PUT", "DELETE"])
def label(request: Request, pk: Any, name: str) -> Response:
    """Put a label on a version, for all who follow it from the next run on, or take it away."""
    require(request.user, library.CHANGE)
    found = get_object_or_404(Prompt, pk=pk)
    if request.method == "DELETE":
        library.remove_label(actor=request.user, label=get_object_or_404(found.labels, name=name))
        return Response(status=204)
    wanted = _version(found, checked(LabelInput, request.data)["version"])
    moved = library.set_label(actor=request.user, prompt=found, name=name, version=wanted)
    return Response(LabelSerializer(moved).data)


@extend_schema(tags=["prompts"], request=None, responses=LabelSerializer)
@api_view(["POST"])
def roll_back(request: Request, pk: Any, name: str) -> Response:
    """Put a label back to where it stood before."""
    require(request.user, library.CHANGE)
    found = get_object_or_404(get_object_or_404(Prompt, pk=pk).labels, name=name)
    return Response(LabelSerializer(library.roll_back(actor=request.user, label=found)).data)


@extend_schema(tags=["prompts"], request=RenderInput, responses=RenderedSerializer)
@api_view(["POST"])
def rendered(request: Request, pk: Any) -> Response:
    """Fill in a version, the latest unless one is named, as a run of yours would."""
    require(request.user, library.VIEW)
    found, values = get_object_or_404(Prompt, pk=pk), checked(RenderInput, request.data)
    wanted = _version(found, values.get("version"))
    filled = checked_values(wanted.variables, values["values"]) | given_values(request.user)
    return Response({"version": wanted.number, "text": render(wanted.text, filled)})


@extend_schema(tags=["prompts"], request=PromptTrialInput, responses=PromptTrialSerializer(many=True))
@api_view(["POST"])
def tried(request: Request, pk: Any) -> Response:
    """Ask a model a question under one version, or under two beside each other; it is metered."""
    require(request.user, library.CHANGE)
    found, values = get_object_or_404(Prompt, pk=pk), checked(PromptTrialInput, request.data)
    wanted = [_version(found, values.get("version"))]
    if beside := values.get("beside"):
        wanted.append(_version(found, beside))
    model = values.get("model") or default_model()
    came = trials.try_versions(
        actor=request.user, versions=wanted, values=values["values"], question=values["question"], model=model
    )
    return Response(PromptTrialSerializer(came, many=True).data)


urlpatterns = [
    path("prompts/", prompts, name="api-prompts"),
    path("prompts/<uuid:pk>", prompt, name="api-prompt"),
    path("prompts/<uuid:pk>/versions", versions, name="api-prompt-versions"),
    path("prompts/<uuid:pk>/versions/<int:number>", version, name="api-prompt-version"),
    path("prompts/<uuid:pk>/compare", compare, name="api-prompt-compare"),
    path("prompts/<uuid:pk>/labels/<slug:name>", label, name="api-prompt-label"),
    path("prompts/<uuid:pk>/labels/<slug:name>/back", roll_back, name="api-prompt-label-back"),
    path("prompts/<uuid:pk>/render", rendered, name="api-prompt-render"),
    path("prompts/<uuid:pk>/try", tried, name="api-prompt-try"),
]
