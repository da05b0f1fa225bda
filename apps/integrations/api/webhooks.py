"""Webhooks for API clients: who outside is told what happens here, and what became of each message."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.permissions import require
from apps.integrations.models import Webhook, WebhookDelivery
from apps.integrations.services import webhooks as services

VIEW = "integrations.view_webhook"


class WebhookSerializer(serializers.ModelSerializer):
    secret = serializers.SerializerMethodField(help_text="Of an address just set or a secret just changed, this once.")
    events = serializers.ListField(child=serializers.ChoiceField(Webhook.Event.choices))

    class Meta:
        model = Webhook
        fields = (
            *("id", "name", "url", "events", "is_active", "off_because", "secret", "former_until"),
            *("created_at", "updated_at"),
        )
        read_only_fields = fields

    def get_secret(self, row: Webhook) -> str:
        return str(self.context.get("secret", ""))


class WebhookInput(serializers.Serializer):
    example = {"name": "Service desk", "url": "https://desk.example.com/guildhall", "events": ["run.finished"]}

    name = serializers.CharField(max_length=40)
    url = serializers.CharField(max_length=300)
    events = serializers.ListField(child=serializers.ChoiceField(Webhook.Event.choices), allow_empty=False)
    is_active = serializers.BooleanField(required=False)


class WebhookChange(WebhookInput):
    name = serializers.CharField(max_length=40, required=False)
    url = serializers.CharField(max_length=300, required=False)
    events = serializers.ListField(
        child=serializers.ChoiceField(Webhook.Event.choices), allow_empty=False, required=False
    )


class EventSerializer(serializers.Serializer):
    name = serializers.CharField()
    description = serializers.CharField()


class WebhookDeliverySerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="message", help_text="The `webhook-id` of every try.")
    payload = serializers.DictField()

    class Meta:
        model = WebhookDelivery
        fields = (*("id", "event", "about", "payload", "state", "tries", "error", "created_at", "next_at", "sent_at"),)
        read_only_fields = fields


class DeliveriesQuery(serializers.Serializer):
    state = serializers.ChoiceField(WebhookDelivery.State.choices, required=False)


def _found(request: Request, pk: Any) -> Webhook:
    require(request.user, VIEW)
    return get_object_or_404(Webhook, pk=pk)


def _answer(row: Webhook, *, secret: str = "", status: int = 200) -> Response:
    return Response(WebhookSerializer(row, context={"secret": secret}).data, status=status)


@extend_schema(tags=["webhooks"], methods=["GET"], responses=paged(WebhookSerializer))
@extend_schema(tags=["webhooks"], methods=["POST"], request=WebhookInput, responses={201: WebhookSerializer})
@api_view(["GET", "POST"])
def webhooks(request: Request) -> Response:
    """List the webhooks, or add one; the answer holds its secret, this once."""
    if request.method == "POST":
        row, secret = services.save_webhook(actor=request.user, values=checked(WebhookInput, request.data))
        return _answer(row, secret=secret, status=201)
    require(request.user, VIEW)
    return listed(request, Webhook.objects.all(), WebhookSerializer)


@extend_schema(tags=["webhooks"], responses=EventSerializer(many=True))
@api_view(["GET"])
def events(request: Request) -> Response:
    """List the events that webhooks can be told."""
    require(request.user, VIEW)
    return Response([{"name": value, "description": label} for value, label in Webhook.Event.choices])


@extend_schema(tags=["webhooks"], methods=["GET"], responses=WebhookSerializer)
@extend_schema(tags=["webhooks"], methods=["PATCH"], request=WebhookChange, responses=WebhookSerializer)
@extend_schema(tags=["webhooks"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PATCH", "DELETE"])
def webhook(request: Request, pk: Any) -> Response:
    """Read, change or remove a webhook; another address gets another secret, which the answer holds this once."""
    row = _found(request, pk)
    if request.method == "DELETE":
        services.remove_webhook(actor=request.user, webhook=row)
        return Response(status=204)
    if request.method == "PATCH":
        values = checked(WebhookChange, request.data)
        row, secret = services.save_webhook(actor=request.user, values=values, webhook=row)
        return _answer(row, secret=secret)
    return _answer(row)


@extend_schema(tags=["webhooks"], request=None, responses=WebhookSerializer)
@api_view(["POST"])
def rotate(request: Request, pk: Any) -> Response:
    """Change the secret; until `former_until` messages are signed with both."""
    row = _found(request, pk)
    return _answer(row, secret=services.rotate_secret(actor=request.user, webhook=row))


@extend_schema(tags=["webhooks"], request=None, responses={202: WebhookDeliverySerializer})
@api_view(["POST"])
def test(request: Request, pk: Any) -> Response:
    """Send a trial; `deliveries` says what became of it."""
    row = services.try_webhook(actor=request.user, webhook=_found(request, pk))
    return Response(WebhookDeliverySerializer(row).data, status=202)


@extend_schema(tags=["webhooks"], parameters=[DeliveriesQuery], responses=paged(WebhookDeliverySerializer))
@api_view(["GET"])
def deliveries(request: Request, pk: Any) -> Response:
    """List the messages, newest first; `state=dead` lists those that were given up."""
    found = _found(request, pk).deliveries.filter(**checked(DeliveriesQuery, request.query_params))
    return listed(request, found, WebhookDeliverySerializer, ordering="-id")


@extend_schema(tags=["webhooks"], request=None, responses={202: WebhookDeliverySerializer})
@api_view(["POST"])
def again(request: Request, message: Any) -> Response:
    """Send a message again that was given up."""
    require(request.user, VIEW)
    row = get_object_or_404(WebhookDelivery.objects.select_related("webhook"), message=message)
    services.send_again(actor=request.user, delivery=row)
    row.refresh_from_db()
    return Response(WebhookDeliverySerializer(row).data, status=202)
