"""Features for API clients: an organisation's choice (`config/features`), and what operators offer (`platform/features`)."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.errors import InvalidInput
from apps.core.permissions import require
from apps.tenants import rollout, services
from apps.tenants.api.platform import IsOperator
from apps.tenants.flags import Flag, all_flags
from apps.tenants.models import FlagRule, Tenant


class RuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = FlagRule
        fields = ("is_on", "roles", "percentage", "changed_at")
        read_only_fields = fields


class FeatureSerializer(serializers.Serializer):
    flag = serializers.CharField()
    is_on = serializers.BooleanField(help_text="Whether you have it.")
    offered_by = RuleSerializer(allow_null=True, help_text="The platform's rule; null: the system's default.")
    chosen_by = RuleSerializer(allow_null=True, help_text="The organisation's rule; null: for everybody.")


class RuleInput(serializers.Serializer):
    flag = serializers.CharField()
    is_on = serializers.BooleanField()
    roles = serializers.ListField(
        child=serializers.CharField(max_length=80), default=list, help_text="None: everybody."
    )
    percentage = serializers.IntegerField(default=100, min_value=0, max_value=100, help_text="Of the people.")


class OfferInput(RuleInput):
    organisation = serializers.SlugField(default=None, allow_null=True, help_text="null: all of them.")


class OfferSerializer(serializers.ModelSerializer):
    organisation = serializers.CharField(source="tenant.slug", default=None, allow_null=True)

    class Meta:
        model = FlagRule
        fields = ("id", "flag", "organisation", "is_on", "roles", "percentage", "changed_at")
        read_only_fields = fields


@extend_schema(tags=["config"], methods=["GET"], responses=FeatureSerializer(many=True))
@extend_schema(tags=["config"], methods=["PATCH"], request=RuleInput, responses=FeatureSerializer(many=True))
@api_view(["GET", "PATCH"])
def features(request: Request) -> Response:
    """Read the features with who decided what, or say who of the organisation has one."""
    require(request.user, "accounts.manage_settings")
    if request.method == "PATCH":
        values = checked(RuleInput, request.data)
        services.choose_feature(actor=request.user, flag=_flag(values.pop("flag")), **values)
    decided = ((flag, rollout.decide(flag, request.user)) for flag in all_flags())
    return Response(
        FeatureSerializer([{"flag": flag.key, **vars(decision)} for flag, decision in decided], many=True).data
    )


@extend_schema(tags=["platform"], methods=["GET"], responses=paged(OfferSerializer))
@extend_schema(tags=["platform"], methods=["PUT"], request=OfferInput, responses=OfferSerializer)
@api_view(["GET", "PUT"])
@permission_classes([IsOperator])
def offers(request: Request) -> Response:
    """List what the platform offers, or set the rule for one organisation or all."""
    if request.method == "GET":
        found = FlagRule.objects.filter(is_own=False).select_related("tenant")
        return listed(request, found, OfferSerializer, ordering="-changed_at")
    values = checked(OfferInput, request.data)
    slug = values.pop("organisation")
    tenant = get_object_or_404(Tenant, slug=slug) if slug else None
    flag = _flag(values.pop("flag"))
    return Response(
        OfferSerializer(services.offer_feature(actor=request.user, flag=flag, tenant=tenant, **values)).data
    )


@extend_schema(tags=["platform"], responses={204: None})
@api_view(["DELETE"])
@permission_classes([IsOperator])
def offer(request: Request, pk: Any) -> Response:
    """Take a rule back."""
    rule = get_object_or_404(FlagRule.objects.filter(is_own=False), pk=pk)
    services.withdraw_rule(actor=request.user, rule=rule)
    return Response(status=204)


def _flag(key: str) -> Flag:
    found = next((flag for flag in all_flags() if flag.key == key), None)
    if found is None:
        raise InvalidInput("There is no such feature.", field="flag")
    return found


urlpatterns = [path("config/features", features, name="api-features")]
platform_urlpatterns = [
    path("platform/features", offers, name="api-platform-features"),
    path("platform/features/<uuid:pk>", offer, name="api-platform-feature"),
]
