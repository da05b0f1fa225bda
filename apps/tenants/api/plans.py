"""Plans for operators, on the platform's own host."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked
from apps.core.endpoints import api_view
from apps.tenants import services
from apps.tenants.api.platform import IsOperator, TenantSerializer
from apps.tenants.models import Plan, Tenant

MOST = 9_000_000_000_000_000


class PlanSerializer(serializers.ModelSerializer):
    class Meta:
        model = Plan
        fields = ("id", "name", "tokens_a_month", "money_a_month", "requests_a_minute", "is_default")
        read_only_fields = fields


class PlanInput(serializers.Serializer):
    name = serializers.CharField(max_length=60)
    tokens_a_month = serializers.IntegerField(min_value=0, max_value=MOST, allow_null=True, default=None)
    money_a_month = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, allow_null=True, default=None, help_text="US dollars."
    )
    requests_a_minute = serializers.IntegerField(min_value=1, max_value=1_000_000, allow_null=True, default=None)
    is_default = serializers.BooleanField(
        default=False, help_text="Given to organisations that are set up from now on."
    )


class TenantPlanInput(serializers.Serializer):
    plan = serializers.PrimaryKeyRelatedField(queryset=Plan.objects.all(), allow_null=True)


@extend_schema(tags=["platform"], methods=["GET"], responses=PlanSerializer(many=True))
@extend_schema(tags=["platform"], methods=["POST"], request=PlanInput, responses={201: PlanSerializer})
@api_view(["GET", "POST"])
@permission_classes([IsOperator])
def plans(request: Request) -> Response:
    """List plans, or make one; a limit of null is none."""
    if request.method == "POST":
        made = services.save_plan(actor=request.user, values=checked(PlanInput, request.data))
        return Response(PlanSerializer(made).data, status=201)
    return Response(PlanSerializer(Plan.objects.all(), many=True).data)


@extend_schema(tags=["platform"], methods=["PUT"], request=PlanInput, responses=PlanSerializer)
@extend_schema(tags=["platform"], methods=["DELETE"], responses={204: None})
@api_view(["PUT", "DELETE"])
@permission_classes([IsOperator])
def plan(request: Request, pk: Any) -> Response:
    """Change a plan, for all organisations that have it at once, or remove one that none has."""
    row = get_object_or_404(Plan, pk=pk)
    if request.method == "DELETE":
        services.remove_plan(actor=request.user, plan=row)
        return Response(status=204)
    saved = services.save_plan(actor=request.user, values=checked(PlanInput, request.data), plan=row)
    return Response(PlanSerializer(saved).data)


@extend_schema(tags=["platform"], request=TenantPlanInput, responses=TenantSerializer)
@api_view(["PUT"])
@permission_classes([IsOperator])
def tenant_plan(request: Request, slug: Any) -> Response:
    """Give an organisation a plan, or none."""
    tenant = get_object_or_404(Tenant, slug=slug)
    chosen = checked(TenantPlanInput, request.data)["plan"]
    services.give_plan(actor=request.user, tenant=tenant, plan=chosen)
    return Response(TenantSerializer(Tenant.objects.get(pk=tenant.pk)).data)


urlpatterns = [
    path("platform/plans", plans, name="api-platform-plans"),
    path("platform/plans/<uuid:pk>", plan, name="api-platform-plan"),
    path("platform/tenants/<slug:slug>/plan", tenant_plan, name="api-platform-tenant-plan"),
]
