"""What waits for people, for API clients: keys read it; only people who signed in decide."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import Approval, StandingConsent, Vote
from apps.agents.services import approvals as services
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view


class VoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Vote
        fields = ("name", "is_for", "digest", "created_at")
        read_only_fields = fields


class ApprovalSerializer(serializers.ModelSerializer):
    agent = serializers.UUIDField(source="run.agent_id")
    votes = VoteSerializer(many=True)
    may_decide = serializers.SerializerMethodField(help_text="Whether it waits for you.")
    arguments = serializers.DictField(help_text="What will be used, exactly, and once.")
    proposed = serializers.DictField(help_text="What the model wrote.")

    class Meta:
        model = Approval
        fields = (
            *("id", "run", "agent", "tool", "title", "risk", "why", "state", "arguments", "proposed", "digest"),
            *("approvers_name", "needed", "votes", "reason", "may_decide", "created_at", "expires_at", "decided_at"),
            "used_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.BooleanField())
    def get_may_decide(self, approval: Approval) -> bool:
        return approval.is_waiting and services.may_decide(self.context["user"], approval)


class ArgumentsInput(serializers.Serializer):
    arguments = serializers.DictField()


class ApproveInput(serializers.Serializer):
    digest = serializers.CharField(max_length=64, help_text="That of the arguments that you looked at.")
    remember = serializers.BooleanField(required=False, help_text="Let the agent use the tool for you for 30 days.")


class DeclineInput(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, help_text="The agent is told.")


class ConsentSerializer(serializers.ModelSerializer):
    class Meta:
        model = StandingConsent
        fields = ("id", "agent", "tool", "created_at", "expires_at")
        read_only_fields = fields


def _seen(request: Request) -> Any:
    found = Approval.objects.visible_to(request.user).select_related("run")
    return found.prefetch_related("votes")


def _answer(request: Request, approval: Approval) -> Response:
    fresh = _seen(request).get(pk=approval.pk)
    return Response(ApprovalSerializer(fresh, context={"user": request.user}).data)


@extend_schema(
    tags=["approvals"],
    parameters=[OpenApiParameter("waiting", bool, description="Only what waits for you.")],
    responses=paged(ApprovalSerializer),
)
@api_view(["GET"])
def approval_list(request: Request) -> Response:
    """List the approvals that you may see, newest first."""
    found = _seen(request)
    if request.query_params.get("waiting", "").lower() in ("1", "true"):
        found = found.filter(pk__in=Approval.objects.for_decision_by(request.user).values("pk"))
    return listed(request, found, ApprovalSerializer, context={"user": request.user})


@extend_schema(tags=["approvals"], methods=["GET"], responses=ApprovalSerializer)
@extend_schema(tags=["approvals"], methods=["PATCH"], request=ArgumentsInput, responses=ApprovalSerializer)
@api_view(["GET", "PATCH"])
def approval(request: Request, pk: Any) -> Response:
    """Read an approval, or change what would be done; who said yes before has to look again."""
    found = get_object_or_404(_seen(request), pk=pk)
    if request.method == "PATCH":
        arguments = checked(ArgumentsInput, request.data)["arguments"]
        services.edit(actor=request.user, approval=found, arguments=arguments)
    return _answer(request, found)


@extend_schema(tags=["approvals"], request=ApproveInput, responses=ApprovalSerializer)
@api_view(["POST"])
def approve(request: Request, pk: Any) -> Response:
    """Say yes to the arguments of this digest. 409 when they changed, or it is decided."""
    found = get_object_or_404(_seen(request), pk=pk)
    services.approve(actor=request.user, approval=found, **checked(ApproveInput, request.data))
    return _answer(request, found)


@extend_schema(tags=["approvals"], request=DeclineInput, responses=ApprovalSerializer)
@api_view(["POST"])
def decline(request: Request, pk: Any) -> Response:
    """Say no, with a reason that the agent is told."""
    found = get_object_or_404(_seen(request), pk=pk)
    services.decline(actor=request.user, approval=found, **checked(DeclineInput, request.data))
    return _answer(request, found)


def _own(request: Request) -> Any:
    user: Any = request.user
    return StandingConsent.objects.filter(person=user)


@extend_schema(tags=["approvals"], responses=ConsentSerializer(many=True))
@api_view(["GET"])
def consents(request: Request) -> Response:
    """List what agents may do for you without asking."""
    standing = _own(request).filter(expires_at__gt=timezone.now())
    return Response(ConsentSerializer(standing, many=True).data)


@extend_schema(tags=["approvals"], request=None, responses={204: None})
@api_view(["DELETE"])
def consent(request: Request, pk: Any) -> Response:
    """Have an agent ask again."""
    standing = get_object_or_404(_own(request), pk=pk)
    services.revoke_consent(actor=request.user, standing=standing)
    return Response(status=204)
