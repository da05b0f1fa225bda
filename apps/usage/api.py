"""Usage, budgets and prices for API clients (API-7)."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.permissions import require
from apps.providers.models import ProviderModel
from apps.providers.types import Usage
from apps.usage.models import Budget, BudgetRequest, UsageRecord
from apps.usage.prices import rate_of
from apps.usage.services import budgets, reports

MONEY = {"max_digits": 20, "decimal_places": 8, "min_value": 0}
DEFAULT_DAYS, MOST_DAYS = 30, 366


class UsageQuery(serializers.Serializer):
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=DEFAULT_DAYS)
    by = serializers.ChoiceField(["day", "agent", "model", "person", "project"], default="day")


class SumsSerializer(serializers.Serializer):
    calls = serializers.IntegerField()
    failures = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    reasoning_tokens = serializers.IntegerField()
    cost = serializers.DecimalField(max_digits=20, decimal_places=8, help_text="US dollars.")


class LineSerializer(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    sums = SumsSerializer()


class UsageSerializer(serializers.Serializer):
    totals = SumsSerializer()
    lines = LineSerializer(many=True)


class UsageRecordSerializer(serializers.ModelSerializer):
    class Meta:
        model = UsageRecord
        fields = (
            *(
                "id",
                "created_at",
                "user",
                "agent_id",
                "agent_name",
                "project_id",
                "project_name",
                "run_id",
                "provider_name",
                "model_name",
            ),
            *(
                "is_answered",
                "is_estimated",
                "is_kept",
                "input_tokens",
                "output_tokens",
                "cached_tokens",
                "reasoning_tokens",
            ),
            *("first_token_s", "took_s", "cost", "input_price", "output_price"),
        )
        read_only_fields = fields


class BudgetSerializer(serializers.ModelSerializer):
    class Meta:
        model = Budget
        fields = (
            *("id", "name", "scope", "object_id", "object_name", "period", "measure", "limit", "warn_at", "is_active"),
            "is_plan",
        )
        read_only_fields = fields


class StandingSerializer(serializers.Serializer):
    budget = BudgetSerializer()
    spent = serializers.DecimalField(max_digits=20, decimal_places=8, source="period.spent")
    reserved = serializers.DecimalField(max_digits=20, decimal_places=8, source="period.reserved")
    limit = serializers.DecimalField(max_digits=20, decimal_places=8, source="period.limit")
    share = serializers.IntegerField(help_text="Percent.")
    state = serializers.ChoiceField(["fine", "near", "spent"])
    resets_on = serializers.DateField()


class BudgetInput(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    scope = serializers.ChoiceField(Budget.Scope.choices, default="tenant")
    target = serializers.CharField(
        max_length=254,
        required=False,
        allow_blank=True,
        help_text="The name of an agent or project, or a person's e-mail address.",
    )
    limit = serializers.DecimalField(**MONEY)  # type: ignore[arg-type]
    measure = serializers.ChoiceField(Budget.Measure.choices, default="money")
    period = serializers.ChoiceField(Budget.Period.choices, default="month")
    warn_at = serializers.IntegerField(min_value=1, max_value=100, default=80)
    is_active = serializers.BooleanField(default=True)


class MoreInput(serializers.Serializer):
    note = serializers.CharField(max_length=300, default="", allow_blank=True)


class BudgetRequestSerializer(serializers.ModelSerializer):
    budget = serializers.UUIDField(source="period.budget_id", read_only=True)

    class Meta:
        model = BudgetRequest
        fields = ("id", "budget", "asked_by", "asked_at", "note", "answered_at", "granted")
        read_only_fields = fields


class WishInput(serializers.Serializer):
    granted = serializers.DecimalField(**MONEY)  # type: ignore[arg-type]


class PriceInput(serializers.Serializer):
    input = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=0)
    output = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=0)
    cached = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=0, required=False, allow_null=True)


class RateSerializer(serializers.Serializer):
    input = serializers.DecimalField(max_digits=12, decimal_places=6)
    output = serializers.DecimalField(max_digits=12, decimal_places=6)
    cached = serializers.DecimalField(max_digits=12, decimal_places=6)
    origin = serializers.ChoiceField(["own", "listed", "none"])


class EstimateInput(serializers.Serializer):
    model = serializers.PrimaryKeyRelatedField(queryset=ProviderModel.objects.select_related("provider"))
    input_tokens = serializers.IntegerField(min_value=0, max_value=10_000_000)
    output_tokens = serializers.IntegerField(min_value=0, max_value=10_000_000)


class EstimateSerializer(serializers.Serializer):
    cost = serializers.DecimalField(max_digits=20, decimal_places=8, help_text="US dollars.")
    rate = RateSerializer()


@extend_schema(tags=["usage"], parameters=[UsageQuery], responses=UsageSerializer)
@api_view(["GET"])
def usage(request: Request) -> Response:
    """Read what models came to by day, agent, model, person or project; your own alone unless you may see everybody's."""
    query = checked(UsageQuery, request.query_params)
    if query["by"] == "day":
        lines = reports.by_day(request.user, query["days"])
    else:
        lines = reports.by(request.user, query["by"], query["days"])
    return Response(UsageSerializer({"totals": reports.totals(request.user, query["days"]), "lines": lines}).data)


@extend_schema(tags=["usage"], responses=paged(UsageRecordSerializer))
@api_view(["GET"])
def records(request: Request) -> Response:
    """List single calls, newest first."""
    return listed(request, reports.records(request.user), UsageRecordSerializer)


@extend_schema(tags=["usage"], request=EstimateInput, responses=EstimateSerializer)
@api_view(["POST"])
def estimate(request: Request) -> Response:
    """Price tokens with what a model costs now."""
    values = checked(EstimateInput, request.data)
    rate = rate_of(values["model"])
    cost = rate.cost_of(Usage(values["input_tokens"], values["output_tokens"]))
    return Response(EstimateSerializer({"cost": cost, "rate": rate}).data)


@extend_schema(tags=["usage"], methods=["GET"], responses=StandingSerializer(many=True))
@extend_schema(tags=["usage"], methods=["POST"], request=BudgetInput, responses={201: BudgetSerializer})
@api_view(["GET", "POST"])
def budget_list(request: Request) -> Response:
    """Read how far the budgets are spent (those that hold for you, unless you may see all), or set one."""
    if request.method == "POST":
        return Response(BudgetSerializer(_save(request, None)).data, status=201)
    sees_all = request.user.has_perm(budgets.VIEW)
    found = budgets.standings(request.user) if sees_all else budgets.own_standings(request.user)
    return Response(StandingSerializer(found, many=True).data)


def _save(request: Request, row: Budget | None) -> Budget:
    require(request.user, budgets.CHANGE)
    values = checked(BudgetInput, request.data)
    target = budgets.target_named(values["scope"], values.pop("target", ""), row)
    return budgets.save_budget(actor=request.user, values=values, target=target, budget=row)


@extend_schema(tags=["usage"], methods=["PUT"], request=BudgetInput, responses=BudgetSerializer)
@extend_schema(tags=["usage"], methods=["DELETE"], responses={204: None})
@api_view(["PUT", "DELETE"])
def budget(request: Request, pk: Any) -> Response:
    """Change a budget, or remove it."""
    require(request.user, budgets.CHANGE)
    row = get_object_or_404(Budget, pk=pk)
    if request.method == "DELETE":
        budgets.remove_budget(actor=request.user, budget=row)
        return Response(status=204)
    return Response(BudgetSerializer(_save(request, row)).data)


@extend_schema(tags=["usage"], request=MoreInput, responses={202: BudgetRequestSerializer})
@api_view(["POST"])
def budget_ask(request: Request, pk: Any) -> Response:
    """Ask for more of a budget that holds for you."""
    found = get_object_or_404(budgets.askable(request.user), pk=pk)
    asked = budgets.ask_for_more(actor=request.user, budget=found, **checked(MoreInput, request.data))
    return Response(BudgetRequestSerializer(asked).data, status=202)


@extend_schema(tags=["usage"], responses=BudgetRequestSerializer(many=True))
@api_view(["GET"])
def budget_requests(request: Request) -> Response:
    """List the wishes for more that nobody has answered."""
    return Response(BudgetRequestSerializer(budgets.open_requests(request.user), many=True).data)


@extend_schema(tags=["usage"], request=WishInput, responses=BudgetRequestSerializer)
@api_view(["POST"])
def budget_request(request: Request, pk: Any) -> Response:
    """Add to the budget's present period; 0 declines."""
    require(request.user, budgets.CHANGE)
    asked = get_object_or_404(BudgetRequest, pk=pk)
    budgets.answer_request(actor=request.user, asked=asked, **checked(WishInput, request.data))
    asked.refresh_from_db()
    return Response(BudgetRequestSerializer(asked).data)


@extend_schema(tags=["usage"], methods=["PUT"], request=PriceInput, responses=RateSerializer)
@extend_schema(tags=["usage"], methods=["GET", "DELETE"], responses={200: RateSerializer})
@api_view(["GET", "PUT", "DELETE"])
def price(request: Request, pk: Any) -> Response:
    """Read what a model costs and who says so, set it, or go back to the listed price."""
    require(request.user, reports.VIEW if request.method == "GET" else budgets.CHANGE)
    model = get_object_or_404(ProviderModel.objects.select_related("provider"), pk=pk)
    if request.method != "GET":
        values = checked(PriceInput, request.data) if request.method == "PUT" else None
        budgets.set_price(actor=request.user, model=model, values=values)
    return Response(RateSerializer(rate_of(model)).data)


urlpatterns = [
    path("usage/", usage, name="api-usage"),
    path("usage/records", records, name="api-usage-records"),
    path("usage/estimate", estimate, name="api-usage-estimate"),
    path("usage/budgets", budget_list, name="api-budgets"),
    path("usage/budgets/<uuid:pk>", budget, name="api-budget"),
    path("usage/budgets/<uuid:pk>/ask", budget_ask, name="api-budget-ask"),
    path("usage/requests", budget_requests, name="api-budget-requests"),
    path("usage/requests/<uuid:pk>", budget_request, name="api-budget-request"),
    path("usage/prices/<uuid:pk>", price, name="api-price"),
]
