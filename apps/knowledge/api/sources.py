"""The sources of collections for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.services.sharing import require_manage
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.knowledge.models import KnowledgeBase, Source, SourceItem
from apps.knowledge.services import sources as services

TEXTS = ("address", "place", "folder", "branch", "account")


class SourceSerializer(serializers.ModelSerializer):
    is_busy = serializers.BooleanField()
    has_secret = serializers.BooleanField()
    item_count = serializers.IntegerField(default=0)
    failed_count = serializers.IntegerField(default=0)

    class Meta:
        model = Source
        fields = (
            *("id", "knowledge_base", "kind", *TEXTS, "tags", "every", "next_at", "synced_at", "error"),
            *("is_busy", "has_secret", "item_count", "failed_count", "created_at"),
        )
        read_only_fields = fields


class SourceItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = SourceItem
        fields = ("id", "key", "document", "error", "read_at")
        read_only_fields = fields


class SourceChange(serializers.Serializer):
    address = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="Empty for GitHub and GitLab: the public one."
    )
    place = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Repository (owner/name) or bucket."
    )
    folder = serializers.CharField(max_length=300, required=False, allow_blank=True)
    branch = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="Of storage: the region."
    )
    account = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="The access key of storage."
    )
    secret = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        write_only=True,
        help_text="Token or secret key; left out: the stored one stays.",
    )
    every = serializers.ChoiceField(Source.Every.choices, required=False)
    tags = serializers.ListField(child=serializers.CharField(allow_blank=True), required=False)


class SourceInput(SourceChange):
    kind = serializers.ChoiceField(Source.Kind.choices)


class RemoveInput(serializers.Serializer):
    keep_documents = serializers.BooleanField(default=True, help_text="Whether the documents that came from it stay.")


@extend_schema(tags=["knowledge"], methods=["GET"], responses=paged(SourceSerializer))
@extend_schema(tags=["knowledge"], methods=["POST"], request=SourceInput, responses={201: SourceSerializer})
@api_view(["GET", "POST"])
def sources(request: Request, pk: Any) -> Response:
    """List a collection's sources, or add one, which is looked through at once."""
    base = get_object_or_404(KnowledgeBase.objects.visible_to(request.user), pk=pk)
    require_manage(request.user, base)
    if request.method == "GET":
        return listed(request, base.sources.with_counts(), SourceSerializer)
    values = checked(SourceInput, request.data)
    kind, secret = values.pop("kind"), values.pop("secret", "")
    made = services.add_source(actor=request.user, knowledge_base=base, kind=kind, values=values, secret=secret)
    return Response(SourceSerializer(_source(request, made.pk)).data, status=201)


@extend_schema(tags=["knowledge"], methods=["GET"], responses=SourceSerializer)
@extend_schema(tags=["knowledge"], methods=["PATCH"], request=SourceChange, responses=SourceSerializer)
@extend_schema(tags=["knowledge"], methods=["DELETE"], parameters=[RemoveInput], responses={204: None})
@api_view(["GET", "PATCH", "DELETE"])
def source(request: Request, pk: Any) -> Response:
    """Read a source, change it, or remove it."""
    found = _source(request, pk)
    if request.method == "DELETE":
        keeps = checked(RemoveInput, request.query_params)["keep_documents"]
        services.remove_source(actor=request.user, source=found, keeps_documents=keeps)
        return Response(status=204)
    if request.method == "PATCH":
        values = checked(SourceChange, request.data)
        services.change_source(actor=request.user, source=found, secret=values.pop("secret", None), values=values)
        found = _source(request, pk)
    return Response(SourceSerializer(found).data)


@extend_schema(tags=["knowledge"], request=None, responses={202: SourceSerializer})
@api_view(["POST"])
def look_through(request: Request, pk: Any) -> Response:
    """Have a source looked through now."""
    services.look_through(actor=request.user, source=_source(request, pk))
    return Response(SourceSerializer(_source(request, pk)).data, status=202)


@extend_schema(tags=["knowledge"], responses=paged(SourceItemSerializer))
@api_view(["GET"])
def items(request: Request, pk: Any) -> Response:
    """List what is at a source, and what became of it."""
    return listed(request, _source(request, pk).items.all(), SourceItemSerializer, ordering="key")


def _source(request: Request, pk: Any) -> Source:
    return get_object_or_404(Source.objects.visible_to(request.user).with_counts(), pk=pk)


urlpatterns = [
    path("knowledge-base/<uuid:pk>/sources", sources, name="api-sources"),
    path("knowledge-base/sources/<uuid:pk>", source, name="api-source"),
    path("knowledge-base/sources/<uuid:pk>/look-through", look_through, name="api-source-now"),
    path("knowledge-base/sources/<uuid:pk>/items", items, name="api-source-items"),
]
