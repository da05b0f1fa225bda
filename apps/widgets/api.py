"""Chats on other sites, for API clients; and visits, for the pages that such a chat stands on."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.permissions import require
from apps.widgets.models import Visitor, Widget
from apps.widgets.services import visits
from apps.widgets.services import widgets as services

VIEW = "widgets.view_widget"
MOST_COLLECTIONS = 100


class WidgetSerializer(serializers.ModelSerializer):
    agent = serializers.UUIDField(source="agent_id")
    collections = serializers.ListField(child=serializers.UUIDField(), help_text="What answers may rest on.")
    secret = serializers.SerializerMethodField(help_text="Of a widget just made or a secret just changed, this once.")

    class Meta:
        model = Widget
        fields = (
            *("id", "name", "agent", "collections", "origins", "greeting", "needs_identity", "is_active", "secret"),
            *("created_at", "updated_at"),
        )
        read_only_fields = fields

    def get_secret(self, row: Widget) -> str:
        return str(self.context.get("secret", ""))


class WidgetInput(serializers.Serializer):
    example = {
        "name": "Customer portal",
        "agent": "0190a1c2-0000-7000-8000-000000000001",
        "origins": ["https://www.example.com"],
        "greeting": "What may we help you with?",
    }

    name = serializers.CharField(max_length=60)
    agent = serializers.UUIDField()
    origins = serializers.ListField(
        child=serializers.CharField(max_length=200), allow_empty=False, max_length=services.MOST_ORIGINS
    )
    collections = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=MOST_COLLECTIONS)
    greeting = serializers.CharField(max_length=300, required=False, allow_blank=True)
    needs_identity = serializers.BooleanField(required=False)
    is_active = serializers.BooleanField(required=False)


class WidgetChange(WidgetInput):
    name = serializers.CharField(max_length=60, required=False)
    agent = serializers.UUIDField(required=False)
    origins = serializers.ListField(
        child=serializers.CharField(max_length=200),
        allow_empty=False,
        max_length=services.MOST_ORIGINS,
        required=False,
    )


class VisitorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Visitor
        fields = ("id", "subject", "name", "created_at", "seen_at")
        read_only_fields = fields


class VisitInput(serializers.Serializer):
    example = {"text": "How do I send something back?"}

    identity = serializers.CharField(
        max_length=4096,
        default="",
        allow_blank=True,
        help_text="Whom the site says that the visitor is: a JSON Web Token with `sub` and `exp`, HS256 with the widget's secret.",
    )
    token = serializers.CharField(max_length=1024, default="", allow_blank=True, help_text="Of a former visit.")
    text = serializers.CharField(
        max_length=32_000, default="", allow_blank=True, help_text="What is asked, if anything."
    )
    key = serializers.CharField(
        max_length=60, default="", allow_blank=True, help_text="Sending it again with the same key asks nothing again."
    )
    is_new = serializers.BooleanField(default=False, help_text="Leave the former conversation.")


class VisitSerializer(serializers.Serializer):
    token = serializers.CharField(help_text="To be known by at the next visit; empty for who has asked nothing yet.")
    name = serializers.CharField(help_text="Whom the site named.")
    conversation = serializers.UUIDField(allow_null=True)
    ticket = serializers.CharField(
        help_text="Opens `/ws/visits/<conversation>/?ticket=…` once, within 30 seconds; empty without a conversation."
    )


def _found(request: Request, pk: Any) -> Widget:
    require(request.user, VIEW)
    return get_object_or_404(Widget, pk=pk)


def _answer(row: Widget, *, secret: str = "", status: int = 200) -> Response:
    told = Widget.objects.with_collections().get(pk=row.pk)
    return Response(WidgetSerializer(told, context={"secret": secret}).data, status=status)


@extend_schema(tags=["widgets"], methods=["GET"], responses=paged(WidgetSerializer))
@extend_schema(tags=["widgets"], methods=["POST"], request=WidgetInput, responses={201: WidgetSerializer})
@api_view(["GET", "POST"])
def widgets(request: Request) -> Response:
    """List the chats on other sites, or add one; the answer holds its secret, this once."""
    if request.method == "POST":
        row, secret = services.save_widget(actor=request.user, values=checked(WidgetInput, request.data))
        return _answer(row, secret=secret, status=201)
    require(request.user, VIEW)
    return listed(request, Widget.objects.with_collections(), WidgetSerializer)


@extend_schema(tags=["widgets"], methods=["GET"], responses=WidgetSerializer)
@extend_schema(tags=["widgets"], methods=["PATCH"], request=WidgetChange, responses=WidgetSerializer)
@extend_schema(tags=["widgets"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PATCH", "DELETE"])
def widget(request: Request, pk: Any) -> Response:
    """Read, change or remove a chat on other sites."""
    row = _found(request, pk)
    if request.method == "DELETE":
        services.remove_widget(actor=request.user, widget=row)
        return Response(status=204)
    if request.method == "PATCH":
        row, _secret = services.save_widget(actor=request.user, values=checked(WidgetChange, request.data), widget=row)
    return _answer(row)


@extend_schema(tags=["widgets"], request=None, responses=WidgetSerializer)
@api_view(["POST"])
def rotate(request: Request, pk: Any) -> Response:
    """Give it a new secret, which the answer holds this once; what the former one signed names nobody any more."""
    row = _found(request, pk)
    return _answer(row, secret=services.rotate_secret(actor=request.user, widget=row))


@extend_schema(tags=["widgets"], responses=paged(VisitorSerializer))
@api_view(["GET"])
def visitors(request: Request, pk: Any) -> Response:
    """List who came, those seen last first."""
    return listed(request, _found(request, pk).visitors.all(), VisitorSerializer)


@extend_schema(tags=["widgets"], request=VisitInput, responses=VisitSerializer, auth=[])
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def visit(request: Request, pk: Any) -> Response:
    """Come to a chat on another site, and ask there. Without an account: the widget's frame calls this."""
    found = visits.visit(widget=visits.find_widget(pk), **checked(VisitInput, request.data))
    visitor, conversation = found.visitor, found.conversation
    told = {
        "token": found.token,
        "name": visitor.name if visitor else "",
        "conversation": conversation.pk if conversation else None,
        "ticket": found.ticket,
    }
    return Response(VisitSerializer(told).data, headers={"Cache-Control": "no-store"})


urlpatterns = [
    path("widgets/", widgets, name="api-widgets"),
    path("widgets/<uuid:pk>", widget, name="api-widget"),
    path("widgets/<uuid:pk>/secret", rotate, name="api-widget-secret"),
    path("widgets/<uuid:pk>/visitors", visitors, name="api-widget-visitors"),
    path("widgets/<uuid:pk>/visit", visit, name="api-visit"),
]
