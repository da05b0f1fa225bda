"""Collections, documents and search for API clients."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import CursorPagination
from apps.knowledge import services
from apps.knowledge.models import Document, KnowledgeBase


class KnowledgeBaseSerializer(serializers.ModelSerializer):
    class Meta:
        model = KnowledgeBase
        fields = ("id", "name", "description", "created_at")
        read_only_fields = fields


class DocumentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Document
        fields = (
            "id",
            "knowledge_base",
            "name",
            "kind",
            "size_bytes",
            "state",
            "progress",
            "error",
            "page_count",
            "chunk_count",
            "created_at",
        )
        read_only_fields = fields


class UploadInput(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True)
    knowledge_base = serializers.UUIDField(required=False, help_text="Default: the first collection.")


class SearchInput(serializers.Serializer):
    query = serializers.CharField(max_length=2000)
    knowledge_base = serializers.UUIDField(required=False)
    limit = serializers.IntegerField(min_value=1, max_value=50, default=8)


class HitSerializer(serializers.Serializer):
    chunk_id = serializers.UUIDField()
    document_id = serializers.UUIDField()
    document = serializers.CharField()
    text = serializers.CharField()
    heading = serializers.CharField()
    page = serializers.IntegerField(allow_null=True)
    score = serializers.FloatField(help_text="0 to 1 within this result.")


class HitsSerializer(serializers.Serializer):
    results = HitSerializer(many=True)


def _base(request: Request, pk: Any) -> KnowledgeBase:
    visible = KnowledgeBase.objects.visible_to(request.user)
    return get_object_or_404(visible, pk=pk) if pk else get_object_or_404(visible.order_by("created_at")[:1])


@extend_schema(tags=["knowledge-base"], responses=KnowledgeBaseSerializer(many=True))
@api_view(["GET"])
def knowledge_bases(request: Request) -> Response:
    """List the collections that you may search."""
    found = KnowledgeBase.objects.visible_to(request.user)
    return Response(KnowledgeBaseSerializer(found, many=True).data)


@extend_schema(
    tags=["knowledge-base"], request=UploadInput, responses={201: DocumentSerializer, 200: DocumentSerializer}
)
@api_view(["POST"])
@parser_classes([MultiPartParser])
def upload(request: Request) -> Response:
    """Upload a file; it is read in the background. The same bytes answer 200 with the document that stands."""
    serializer = UploadInput(data=request.data)
    serializer.is_valid(raise_exception=True)
    base = _base(request, serializer.validated_data.get("knowledge_base"))
    file = serializer.validated_data["file"]
    stored, is_new = services.upload_document(actor=request.user, knowledge_base=base, upload=file)
    return Response(DocumentSerializer(stored).data, status=201 if is_new else 200)


@extend_schema(tags=["knowledge-base"], responses=DocumentSerializer(many=True))
@api_view(["GET"])
def documents(request: Request) -> Response:
    """List documents, newest first."""
    paginator = CursorPagination()
    page = paginator.paginate_queryset(Document.objects.visible_to(request.user), request)
    return paginator.get_paginated_response(DocumentSerializer(page, many=True).data)


@extend_schema(tags=["knowledge-base"], methods=["GET"], responses=DocumentSerializer)
@extend_schema(tags=["knowledge-base"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "DELETE"])
def document(request: Request, pk: Any) -> Response:
    """Read a document's state, or delete it with its passages."""
    found = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    if request.method == "DELETE":
        services.delete_document(actor=request.user, document=found)
        return Response(status=204)
    return Response(DocumentSerializer(found).data)


@extend_schema(tags=["knowledge-base"], request=None, responses={202: DocumentSerializer})
@api_view(["POST"])
def retry(request: Request, pk: Any) -> Response:
    """Have a document that could not be read, read again."""
    found = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    services.retry_document(actor=request.user, document=found)
    found.refresh_from_db()
    return Response(DocumentSerializer(found).data, status=202)


@extend_schema(tags=["knowledge-base"], request=SearchInput, responses=HitsSerializer)
@api_view(["POST"])
def search(request: Request) -> Response:
    """Search the passages that you may see, by words and by meaning."""
    serializer = SearchInput(data=request.data)
    serializer.is_valid(raise_exception=True)
    values = serializer.validated_data
    bases = [_base(request, values["knowledge_base"])] if "knowledge_base" in values else None
    hits = services.search_documents(actor=request.user, query=values["query"], bases=bases, limit=values["limit"])
    return Response(HitsSerializer({"results": hits}).data)


urlpatterns = [
    path("knowledge-base/", knowledge_bases, name="api-knowledge-bases"),
    path("knowledge-base/upload", upload, name="api-upload"),
    path("knowledge-base/documents", documents, name="api-documents"),
    path("knowledge-base/documents/<uuid:pk>", document, name="api-document"),
    path("knowledge-base/documents/<uuid:pk>/retry", retry, name="api-document-retry"),
    path("knowledge-base/search", search, name="api-search"),
]
