"""Security events for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit.actions import Severity, security_kinds
from apps.audit.models import SecurityEvent
from apps.audit.services import security
from apps.audit.types import SecuritySearch
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view

NAMES = {severity: severity.name.lower() for severity in Severity}
BY_NAME = {name: severity for severity, name in NAMES.items()}


class SeverityField(serializers.ChoiceField):
    """`low`, `medium`, `high` or `critical`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(list(BY_NAME), **kwargs)

    def to_representation(self, value: Any) -> Any:
        return NAMES[Severity(value)]

    def to_internal_value(self, data: Any) -> Any:
        return BY_NAME[super().to_internal_value(data)]


class SecuritySearchInput(serializers.Serializer):
    q = serializers.CharField(default="", allow_blank=True, help_text="Words of person, subject, kind, address, note.")
    kind = serializers.CharField(default="", help_text="For example `account.sign_in_failed`.")
    severity = SeverityField(required=False, help_text="This one and worse.")
    state = serializers.ChoiceField(["open", "handled", "all"], default="all")


class SecurityEventSerializer(serializers.ModelSerializer):
    severity = SeverityField()

    class Meta:
        model = SecurityEvent
        fields = (
            *("id", "kind", "severity", "subject", "actor_id", "actor_name", "address", "count", "first_at", "last_at"),
            *("details", "correlation_id", "handled_at", "handled_by", "note"),
        )
        read_only_fields = fields


class HandlingInput(serializers.Serializer):
    is_handled = serializers.BooleanField()
    note = serializers.CharField(default="", allow_blank=True, max_length=300)


class SummarySerializer(serializers.Serializer):
    open = serializers.DictField(child=serializers.IntegerField(), help_text="Events to be handled, by severity.")
    kinds = serializers.ListField(child=serializers.CharField())


@extend_schema(tags=["security"], responses=paged(SecurityEventSerializer), parameters=[SecuritySearchInput])
@api_view(["GET"])
def events(request: Request) -> Response:
    """List security events, the latest first; one counts what happened within an hour. That you looked is written down."""
    values = checked(SecuritySearchInput, request.query_params)
    state = "" if values["state"] == "all" else values["state"]
    search = SecuritySearch(values["q"], values["kind"], int(values.get("severity", 0)), state)
    return listed(
        request, security.read(actor=request.user, search=search), SecurityEventSerializer, ordering="-last_at"
    )


@extend_schema(tags=["security"], request=HandlingInput, responses=SecurityEventSerializer)
@api_view(["PATCH"])
def event(request: Request, pk: Any) -> Response:
    """Say that an event was dealt with, or take that back."""
    found = get_object_or_404(SecurityEvent.objects.visible_to(request.user), pk=pk)
    values = checked(HandlingInput, request.data)
    if values["is_handled"]:
        security.handle(actor=request.user, event=found, note=values["note"])
    else:
        security.reopen(actor=request.user, event=found)
    return Response(SecurityEventSerializer(found).data)


@extend_schema(tags=["security"], responses=SummarySerializer)
@api_view(["GET"])
def summary(request: Request) -> Response:
    """Count the events that are still to be handled, and name the kinds that there are."""
    counted = {NAMES[severity]: count for severity, count in security.open_by_severity(request.user).items()}
    return Response({"open": counted, "kinds": [kind.name for kind in security_kinds()]})


urlpatterns = [
    path("security-events/", events, name="api-security-events"),
    path("security-events/summary", summary, name="api-security-summary"),
    path("security-events/<uuid:pk>", event, name="api-security-event"),
]
