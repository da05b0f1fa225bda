"""What people say of answers, for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import Agent
from apps.agents.services.behaviour import require_change
from apps.conversations.models import Conversation, Feedback, Message
from apps.conversations.services.feedback import MOST_CHARS, VERDICTS, rate_answer, withdraw_feedback
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view


class FeedbackInput(serializers.Serializer):
    is_good = serializers.BooleanField()
    comment = serializers.CharField(max_length=MOST_CHARS, default="", allow_blank=True)
    correction = serializers.CharField(
        max_length=MOST_CHARS, default="", allow_blank=True, help_text="What would have been right."
    )


class FeedbackSerializer(serializers.ModelSerializer):
    class Meta:
        model = Feedback
        fields = ("is_good", "comment", "correction", "updated_at")
        read_only_fields = fields


class AgentFeedbackSerializer(serializers.ModelSerializer):
    person = serializers.CharField(source="message.conversation.owner.name")
    question = serializers.CharField(source="message.parent.text", default="")
    answer = serializers.CharField(source="message.text")
    message = serializers.UUIDField(source="message_id")
    run = serializers.UUIDField(source="message.run_id", allow_null=True)

    class Meta:
        model = Feedback
        fields = (
            *("id", "message", "run", "person", "question", "answer"),
            *("is_good", "comment", "correction", "created_at", "updated_at"),
        )
        read_only_fields = fields


@extend_schema(tags=["conversations"], methods=["GET"], responses=FeedbackSerializer)
@extend_schema(tags=["conversations"], methods=["PUT"], request=FeedbackInput, responses=FeedbackSerializer)
@extend_schema(tags=["conversations"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PUT", "DELETE"])
def answer_feedback(request: Request, pk: Any, message_pk: Any) -> Response:
    """Say of an answer in a conversation of yours whether it was good, read what you said, or take it back."""
    conversation = get_object_or_404(Conversation.objects.owned_by(request.user), pk=pk)
    rows = conversation.messages.select_related("run", "conversation__agent", "parent")
    message = get_object_or_404(rows.filter(role=Message.Role.ASSISTANT), pk=message_pk)
    if request.method == "DELETE":
        withdraw_feedback(actor=request.user, message=message)
        return Response(status=204)
    if request.method == "PUT":
        row = rate_answer(actor=request.user, message=message, **checked(FeedbackInput, request.data))
    else:
        row = get_object_or_404(Feedback, message=message)
    return Response(FeedbackSerializer(row).data)


@extend_schema(
    tags=["agents"],
    responses=paged(AgentFeedbackSerializer),
    parameters=[OpenApiParameter("verdict", str, enum=list(VERDICTS))],
)
@api_view(["GET"])
def agent_feedback(request: Request, pk: Any) -> Response:
    """List what people said of the answers of an agent that you may change, the newest first."""
    agent = get_object_or_404(Agent.objects.visible_to(request.user), pk=pk)
    require_change(request.user, agent)
    found = Feedback.objects.about(agent).saying(VERDICTS.get(request.query_params.get("verdict", "")))
    return listed(request, found, AgentFeedbackSerializer, ordering="-updated_at")


urlpatterns = [
    path("conversations/<uuid:pk>/messages/<uuid:message_pk>/feedback", answer_feedback, name="api-message-feedback"),
    path("agents/<uuid:pk>/feedback", agent_feedback, name="api-agent-feedback"),
]
