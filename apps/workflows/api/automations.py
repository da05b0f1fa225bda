"""Automations for API clients: one's own to make and change, with what came of them."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User, check_time_zone
from apps.agents.models import Agent
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.integrations.models import Connection
from apps.knowledge.models import KnowledgeBase
from apps.projects.models import Project
from apps.workflows.models import Automation, Delivery, Occurrence, Workflow
from apps.workflows.services import automations as services

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key starts it once."
)


class AutomationSerializer(serializers.ModelSerializer):
    values = serializers.DictField(child=serializers.CharField(), help_text="Of the form, or `question`.")
    secret = serializers.SerializerMethodField(help_text="Of a web address just set, this once; else empty.")

    class Meta:
        model = Automation
        fields = (
            *(
                "id",
                "owner",
                "name",
                "agent",
                "workflow",
                "project",
                "values",
                "kind",
                "cron",
                "time_zone",
                "catch_up",
                "event",
            ),
            *(
                "collection",
                "connection",
                "to_conversation",
                "recipients",
                "webhook_url",
                "secret",
                "is_active",
                "paused_because",
            ),
            *("next_at", "created_at", "updated_at"),
        )
        read_only_fields = fields

    def get_secret(self, row: Automation) -> str:
        return str(self.context.get("secret", ""))


class AutomationInput(serializers.Serializer):
    example = {
        "name": "Morning news",
        "agent": "7d1f6a52-3c0e-4b5a-9a53-0d6c1f2e8b11",
        "values": {"question": "What is new in our documents since yesterday?"},
        "cron": "30 8 * * 1-5",
    }

    name = serializers.CharField(max_length=80)
    agent = serializers.PrimaryKeyRelatedField(
        queryset=Agent.objects.all(), required=False, allow_null=True, help_text="Either this or `workflow`."
    )
    workflow = serializers.PrimaryKeyRelatedField(queryset=Workflow.objects.all(), required=False, allow_null=True)
    project = serializers.PrimaryKeyRelatedField(queryset=Project.objects.all(), required=False, allow_null=True)
    values = serializers.DictField(
        child=serializers.CharField(max_length=8000, allow_blank=True),
        help_text="Of the agent's form, or `question` for one without. Events fill in places like {{ document }}.",
    )
    kind = serializers.ChoiceField(Automation.Kind.choices, required=False, help_text="Default: schedule.")
    cron = serializers.CharField(max_length=100, required=False, help_text="Five fields: `30 8 * * 1-5`.")
    time_zone = serializers.CharField(
        max_length=64, required=False, validators=[check_time_zone], help_text="Default: the person's."
    )
    catch_up = serializers.ChoiceField(Automation.CatchUp.choices, required=False)
    event = serializers.ChoiceField(Automation.Event.choices, required=False)
    collection = serializers.PrimaryKeyRelatedField(
        queryset=KnowledgeBase.objects.all(), required=False, allow_null=True, help_text="null: any that is seen."
    )
    connection = serializers.PrimaryKeyRelatedField(
        queryset=Connection.objects.all(), required=False, allow_null=True, help_text="null: any that agents call."
    )
    to_conversation = serializers.BooleanField(required=False)
    recipients = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), many=True, required=False)
    webhook_url = serializers.CharField(max_length=300, required=False, allow_blank=True)


class AutomationChange(AutomationInput):
    is_active = serializers.BooleanField(required=False, help_text="false pauses it, true has it go on.")


class DeliverySerializer(serializers.ModelSerializer):
    class Meta:
        model = Delivery
        fields = ("id", "kind", "target", "state", "error", "sent_at")
        read_only_fields = fields


class OccurrenceSerializer(serializers.ModelSerializer):
    deliveries = DeliverySerializer(many=True)

    class Meta:
        model = Occurrence
        fields = ("id", "cause", "due_at", "missed", "state", "error", "run", "execution", "deliveries", "created_at")
        read_only_fields = fields


def _visible(request: Request, pk: Any) -> Automation:
    found = Automation.objects.visible_to(request.user).select_related(
        "agent__form", "workflow", "project", "collection", "connection", "owner"
    )
    return get_object_or_404(found, pk=pk)


def _answer(row: Automation, *, secret: str = "", status: int = 200) -> Response:
    return Response(AutomationSerializer(row, context={"secret": secret}).data, status=status)


@extend_schema(tags=["automations"], methods=["GET"], responses=paged(AutomationSerializer))
@extend_schema(tags=["automations"], methods=["POST"], request=AutomationInput, responses={201: AutomationSerializer})
@api_view(["GET", "POST"])
def automations(request: Request) -> Response:
    """List automations (one's own; everybody's for those who may see them), or make one."""
    if request.method == "POST":
        values = checked(AutomationInput, request.data)
        row, secret = services.save_automation(actor=request.user, values=values)
        return _answer(row, secret=secret, status=201)
    found = Automation.objects.visible_to(request.user).prefetch_related("recipients")
    return listed(request, found, AutomationSerializer)


@extend_schema(tags=["automations"], methods=["GET"], responses=AutomationSerializer)
@extend_schema(tags=["automations"], methods=["PATCH"], request=AutomationChange, responses=AutomationSerializer)
@extend_schema(tags=["automations"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PATCH", "DELETE"])
def automation(request: Request, pk: Any) -> Response:
    """Read an automation, change, pause or remove it; what is left out stays."""
    row = _visible(request, pk)
    if request.method == "DELETE":
        services.remove_automation(actor=request.user, automation=row)
        return Response(status=204)
    if request.method == "GET":
        return _answer(row)
    values = _changes(request)
    is_active = values.pop("is_active", None)
    secret = ""
    if values:
        row, secret = services.save_automation(actor=request.user, values=values, automation=row)
    if is_active is not None:
        services.switch(actor=request.user, automation=row, is_active=is_active)
    return _answer(row, secret=secret)


def _changes(request: Request) -> dict[str, Any]:
    serializer = AutomationChange(data=request.data, partial=True)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


@extend_schema(tags=["automations"], request=None, responses={202: OccurrenceSerializer}, parameters=[IDEMPOTENCY])
@api_view(["POST"])
def start(request: Request, pk: Any) -> Response:
    """Have an automation start at once, beside its schedule; read its occurrences for what comes of it."""
    key = request.headers.get("Idempotency-Key", "")[:90]
    occurrence = services.start_now(actor=request.user, automation=_visible(request, pk), key=key)
    return Response(OccurrenceSerializer(occurrence).data, status=202)


@extend_schema(tags=["automations"], responses=paged(OccurrenceSerializer))
@api_view(["GET"])
def occurrences(request: Request, pk: Any) -> Response:
    """List what came of an automation, newest first."""
    found = _visible(request, pk).occurrences.prefetch_related("deliveries")
    return listed(request, found, OccurrenceSerializer)


@extend_schema(tags=["automations"], request=None, responses={202: DeliverySerializer})
@api_view(["POST"])
def again(request: Request, pk: Any) -> Response:
    """Have a result that did not arrive sent again (409 for one that did)."""
    found = Delivery.objects.filter(occurrence__automation__in=Automation.objects.visible_to(request.user))
    delivery = get_object_or_404(found.select_related("occurrence__automation"), pk=pk)
    services.send_again(actor=request.user, delivery=delivery)
    delivery.refresh_from_db()
    return Response(DeliverySerializer(delivery).data, status=202)
