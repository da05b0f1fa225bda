"""Alert channels for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit.actions import Severity
from apps.audit.api.security import SeverityField
from apps.audit.models import Alert, AlertChannel
from apps.audit.services import alerts
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.permissions import require


class ChannelSerializer(serializers.ModelSerializer):
    least = SeverityField()

    class Meta:
        model = AlertChannel
        fields = ("id", "kind", "target", "least", "created_at")
        read_only_fields = fields


class ChannelInput(serializers.Serializer):
    kind = serializers.ChoiceField(AlertChannel.Kind.values)
    target = serializers.CharField(max_length=300, help_text="An e-mail address, or an http(s) address.")
    least = SeverityField(default=Severity.HIGH, help_text="This severity and worse.")


class NewChannelSerializer(serializers.Serializer):
    channel = ChannelSerializer()
    secret = serializers.CharField(help_text="Of a webhook, `whsec_…`, shown this once (Standard Webhooks).")


class AlertSerializer(serializers.ModelSerializer):
    severity = SeverityField()

    class Meta:
        model = Alert
        fields = ("id", "channel", "event", "severity", "state", "error", "created_at", "sent_at")
        read_only_fields = fields


@extend_schema(tags=["security"], methods=["GET"], responses=paged(ChannelSerializer))
@extend_schema(tags=["security"], methods=["POST"], request=ChannelInput, responses={201: NewChannelSerializer})
@api_view(["GET", "POST"])
def channels(request: Request) -> Response:
    """List where alerts go, or have them sent to one more address."""
    require(request.user, alerts.RIGHT)
    if request.method == "GET":
        return listed(request, AlertChannel.objects.all(), ChannelSerializer)
    language = getattr(request.user, "language", "")
    made = alerts.add_channel(actor=request.user, language=language, **checked(ChannelInput, request.data))
    return Response(NewChannelSerializer(made).data, status=201)


@extend_schema(tags=["security"], responses={204: None})
@api_view(["DELETE"])
def channel(request: Request, pk: Any) -> Response:
    """Send no more alerts there."""
    alerts.remove_channel(actor=request.user, channel=_channel(request, pk))
    return Response(status=204)


@extend_schema(tags=["security"], request=None, responses={202: AlertSerializer})
@api_view(["POST"])
def trial(request: Request, pk: Any) -> Response:
    """Send a trial alert; `alerts` tells what became of it."""
    return Response(AlertSerializer(alerts.try_channel(actor=request.user, channel=_channel(request, pk))).data, 202)


@extend_schema(tags=["security"], responses=paged(AlertSerializer))
@api_view(["GET"])
def told(request: Request, pk: Any) -> Response:
    """List what was sent through a channel, newest first."""
    return listed(request, _channel(request, pk).alerts.all(), AlertSerializer)


@extend_schema(tags=["security"], request=None, responses={202: AlertSerializer})
@api_view(["POST"])
def again(request: Request, pk: Any, alert: Any) -> Response:
    """Send an alert again that could not be sent."""
    found = get_object_or_404(_channel(request, pk).alerts, pk=alert)
    alerts.send_again(actor=request.user, alert=found)
    found.refresh_from_db()
    return Response(AlertSerializer(found).data, status=202)


def _channel(request: Request, pk: Any) -> AlertChannel:
    require(request.user, alerts.RIGHT)
    return get_object_or_404(AlertChannel, pk=pk)


urlpatterns = [
    path("alert-channels/", channels, name="api-alert-channels"),
    path("alert-channels/<uuid:pk>", channel, name="api-alert-channel"),
    path("alert-channels/<uuid:pk>/test", trial, name="api-alert-trial"),
    path("alert-channels/<uuid:pk>/alerts", told, name="api-alerts"),
    path("alert-channels/<uuid:pk>/alerts/<uuid:alert>/again", again, name="api-alert-again"),
]
