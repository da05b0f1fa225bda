"""Providers and models for API clients (API-5, `config/llm`)."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked
from apps.core.endpoints import api_view
from apps.core.errors import Unavailable
from apps.core.permissions import require
from apps.providers import breaker, services
from apps.providers.errors import ProviderError
from apps.providers.models import Provider, ProviderModel
from apps.providers.registry import kinds

VIEW = "providers.view_provider"
RETRY_S = 30


class KindSerializer(serializers.Serializer):
    key = serializers.CharField()
    words = serializers.CharField()
    address = serializers.CharField()
    needs_key = serializers.BooleanField()


class ModelSerializer(serializers.ModelSerializer):
    class Meta:
        model = ProviderModel
        fields = (
            *("id", "provider", "name", "purpose", "dimensions", "is_default", "context_tokens"),
            *("takes_tools", "takes_images", "takes_schema", "fallback"),
        )
        read_only_fields = fields


class BreakerSerializer(serializers.Serializer):
    state = serializers.ChoiceField(["closed", "open", "half_open"])
    failures = serializers.IntegerField()
    retry_in_s = serializers.IntegerField()


class LLMProviderSerializer(serializers.ModelSerializer):
    has_key = serializers.BooleanField(read_only=True)
    models = ModelSerializer(many=True, read_only=True)
    breaker = serializers.SerializerMethodField()

    class Meta:
        model = Provider
        fields = ("id", "name", "kind", "base_url", "api_version", "has_key", "is_active", "models", "breaker")
        read_only_fields = fields

    @extend_schema_field(BreakerSerializer)
    def get_breaker(self, provider: Provider) -> Any:
        return BreakerSerializer(breaker.state_of(provider)).data


class LLMProviderInput(serializers.Serializer):
    kind = serializers.CharField(max_length=32)
    name = serializers.CharField(max_length=80, required=False)
    base_url = serializers.CharField(max_length=200, required=False, allow_blank=True)
    api_version = serializers.CharField(max_length=40, required=False, allow_blank=True)
    api_key = serializers.CharField(
        max_length=1000, required=False, allow_blank=True, help_text='Written, never shown; "" drops the stored one.'
    )
    is_active = serializers.BooleanField(required=False)


class LLMProviderChange(LLMProviderInput):
    kind = None  # type: ignore[assignment]


class ModelInput(serializers.Serializer):
    name = serializers.CharField(max_length=120)
    purpose = serializers.ChoiceField(ProviderModel.Purpose.choices, required=False)
    context_tokens = serializers.IntegerField(min_value=256, max_value=2_000_000_000, required=False, allow_null=True)
    takes_tools = serializers.BooleanField(required=False)
    takes_images = serializers.BooleanField(required=False)
    takes_schema = serializers.BooleanField(required=False)
    is_default = serializers.BooleanField(required=False)
    fallback = serializers.PrimaryKeyRelatedField(
        queryset=ProviderModel.objects.for_chat(), required=False, allow_null=True
    )


class ModelChange(ModelInput):
    name = serializers.CharField(max_length=120, required=False)


class TrialInput(serializers.Serializer):
    model = serializers.CharField(max_length=120, default="", allow_blank=True)


class TrialSerializer(serializers.Serializer):
    is_good = serializers.BooleanField()
    model = serializers.CharField()
    took_s = serializers.FloatField()
    answer = serializers.CharField()
    problem = serializers.CharField()
    advice = serializers.CharField()


class OfferedSerializer(serializers.Serializer):
    name = serializers.CharField()
    context_tokens = serializers.IntegerField(allow_null=True)
    takes_tools = serializers.BooleanField(allow_null=True)
    takes_images = serializers.BooleanField(allow_null=True)
    takes_schema = serializers.BooleanField(allow_null=True)
    is_embedding = serializers.BooleanField()


class LLMSerializer(serializers.Serializer):
    kinds = KindSerializer(many=True)
    default_model = serializers.UUIDField(allow_null=True)
    providers = LLMProviderSerializer(many=True)


@extend_schema(tags=["config"], responses=LLMSerializer)
@api_view(["GET"])
def llm(request: Request) -> Response:
    """Read how models are set up: the kinds that there are, the providers, their models."""
    require(request.user, VIEW)
    default = ProviderModel.objects.filter(is_default=True).values_list("pk", flat=True).first()
    providers = Provider.objects.prefetch_related("models")
    shown = [
        {"key": k.key, "words": _(k.words), "address": k.address, "needs_key": k.needs_key} for k in kinds().values()
    ]
    return Response(LLMSerializer({"kinds": shown, "default_model": default, "providers": providers}).data)


@extend_schema(tags=["config"], request=LLMProviderInput, responses={201: LLMProviderSerializer})
@api_view(["POST"])
def providers(request: Request) -> Response:
    """Set up a provider."""
    require(request.user, services.RIGHT)
    values = checked(LLMProviderInput, request.data)
    key = values.pop("api_key", None)
    made = services.save_provider(actor=request.user, values=values, api_key=key)
    return Response(LLMProviderSerializer(made).data, status=201)


@extend_schema(tags=["config"], methods=["PATCH"], request=LLMProviderChange, responses=LLMProviderSerializer)
@extend_schema(tags=["config"], methods=["DELETE"], responses={204: None})
@extend_schema(tags=["config"], methods=["GET"], responses=LLMProviderSerializer)
@api_view(["GET", "PATCH", "DELETE"])
def provider(request: Request, pk: Any) -> Response:
    """Read a provider, change it (a new address wants the key again), or remove it."""
    require(request.user, VIEW if request.method == "GET" else services.RIGHT)
    row = get_object_or_404(Provider, pk=pk)
    if request.method == "DELETE":
        services.remove_provider(actor=request.user, provider=row)
        return Response(status=204)
    if request.method == "PATCH":
        values = checked(LLMProviderChange, request.data)
        key = values.pop("api_key", None)
        row = services.save_provider(actor=request.user, values=values, api_key=key, provider=row)
    return Response(LLMProviderSerializer(row).data)


@extend_schema(tags=["config"], request=TrialInput, responses=TrialSerializer)
@api_view(["POST"])
def provider_test(request: Request, pk: Any) -> Response:
    """Ask a model of the provider for one word, and read what is wrong."""
    require(request.user, services.RIGHT)
    row = get_object_or_404(Provider, pk=pk)
    values = checked(TrialInput, request.data)
    return Response(TrialSerializer(services.try_connection(actor=request.user, provider=row, **values)).data)


@extend_schema(tags=["config"], request=None, responses={204: None})
@api_view(["POST"])
def provider_reset(request: Request, pk: Any) -> Response:
    """Close the provider's breaker: let it be asked again at once."""
    require(request.user, services.RIGHT)
    services.reset_breaker(actor=request.user, provider=get_object_or_404(Provider, pk=pk))
    return Response(status=204)


@extend_schema(tags=["config"], responses=OfferedSerializer(many=True))
@api_view(["GET"])
def provider_offered(request: Request, pk: Any) -> Response:
    """Ask the provider which models it has. 503 when it does not say."""
    require(request.user, services.RIGHT)
    row = get_object_or_404(Provider, pk=pk)
    try:
        offered = services.offered_models(actor=request.user, provider=row)
    except ProviderError as error:
        raise Unavailable(_(error.sentence), retry_after_s=RETRY_S) from error
    return Response(OfferedSerializer(offered, many=True).data)


@extend_schema(tags=["config"], request=ModelInput, responses={201: ModelSerializer})
@api_view(["POST"])
def models(request: Request, pk: Any) -> Response:
    """Add a model of a provider."""
    require(request.user, services.RIGHT)
    row = get_object_or_404(Provider, pk=pk)
    made = services.save_model(actor=request.user, provider=row, values=checked(ModelInput, request.data))
    return Response(ModelSerializer(made).data, status=201)


@extend_schema(tags=["config"], methods=["PATCH"], request=ModelChange, responses=ModelSerializer)
@extend_schema(tags=["config"], methods=["DELETE"], responses={204: None})
@api_view(["PATCH", "DELETE"])
def model(request: Request, pk: Any) -> Response:
    """Change a model, or remove it; agents that used it ask the default model from then on."""
    require(request.user, services.RIGHT)
    row = get_object_or_404(ProviderModel.objects.select_related("provider"), pk=pk)
    if request.method == "DELETE":
        services.remove_model(actor=request.user, model=row)
        return Response(status=204)
    values = checked(ModelChange, request.data)
    saved = services.save_model(actor=request.user, provider=row.provider, values=values, model=row)
    return Response(ModelSerializer(saved).data)


urlpatterns = [
    path("config/llm", llm, name="api-llm"),
    path("config/llm/providers", providers, name="api-llm-providers"),
    path("config/llm/providers/<uuid:pk>", provider, name="api-llm-provider"),
    path("config/llm/providers/<uuid:pk>/test", provider_test, name="api-llm-provider-test"),
    path("config/llm/providers/<uuid:pk>/reset", provider_reset, name="api-llm-provider-reset"),
    path("config/llm/providers/<uuid:pk>/offered", provider_offered, name="api-llm-provider-offered"),
    path("config/llm/providers/<uuid:pk>/models", models, name="api-llm-models"),
    path("config/llm/models/<uuid:pk>", model, name="api-llm-model"),
]
