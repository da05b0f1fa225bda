"""Collections, documents and search for API clients."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import parser_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.sharing import share_paths
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.errors import NotFound
from apps.knowledge import services
from apps.knowledge.models import Chunk, Document, KnowledgeBase
from apps.knowledge.querysets import NEVER, STALE
from apps.knowledge.services import passages, several
from apps.knowledge.types import Filters
from apps.providers.models import ProviderModel


class KnowledgeBaseSerializer(serializers.ModelSerializer):
    class Meta:
        model = KnowledgeBase
        fields = ("id", "name", "description", "embedding_model", "is_reranked", "created_at")
        read_only_fields = fields


class EmbeddingSerializer(serializers.Serializer):
    model = serializers.UUIDField(source="embedding_model_id", allow_null=True, help_text="null: the built-in model.")
    next_model = serializers.UUIDField(source="next_model_id", allow_null=True)
    is_moving = serializers.BooleanField()
    moved_percent = serializers.IntegerField()
    error = serializers.CharField(source="move_error")


class EmbeddingInput(serializers.Serializer):
    model = serializers.PrimaryKeyRelatedField(queryset=ProviderModel.objects.for_embeddings(), allow_null=True)


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
            "tags",
            "language",
            "page_count",
            "unread_pages",
            "chunk_count",
            "created_at",
        )
        read_only_fields = fields


class UsedDocumentSerializer(DocumentSerializer):
    times_cited = serializers.IntegerField(help_text="In answers.")
    last_cited_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = Document
        fields = (*DocumentSerializer.Meta.fields, "times_cited", "last_cited_at")
        read_only_fields = fields


class PassageSerializer(serializers.ModelSerializer):
    document = serializers.UUIDField(source="document_id")
    times_cited = serializers.IntegerField(default=0, help_text="In answers.")

    class Meta:
        model = Chunk
        fields = ("id", "document", "position", "text", "heading", "page", "is_left_out", "changed_at", "times_cited")
        read_only_fields = fields


class PassageInput(serializers.Serializer):
    text = serializers.CharField(
        required=False, trim_whitespace=False, help_text="A line of three dashes splits it there."
    )
    is_left_out = serializers.BooleanField(required=False, help_text="Shown with the text, found by nobody.")


class UploadInput(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True)
    knowledge_base = serializers.UUIDField(required=False, help_text="Default: the first collection.")
    tags = serializers.ListField(child=serializers.CharField(allow_blank=True), default=list)


class TagsInput(serializers.Serializer):
    tags = serializers.ListField(child=serializers.CharField(max_length=200, allow_blank=True), max_length=100)


class SeveralInput(serializers.Serializer):
    example = {"documents": ["5f0c9c1e-6a8e-4f3b-9b3a-0d5c1f1f7f10"], "do": "tag", "tags": ["policy"]}

    documents = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=several.MOST)
    do = serializers.ChoiceField(several.ToDo.choices)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=200, allow_blank=True),
        max_length=100,
        default=list,
        help_text="Those to add or to take away.",
    )


class NotDoneSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    code = serializers.CharField()
    detail = serializers.CharField()


class OutcomeSerializer(serializers.Serializer):
    done = serializers.ListField(child=serializers.UUIDField())
    failed = NotDoneSerializer(many=True, help_text="Each by itself: the others are done.")


class FilterInput(serializers.Serializer):
    tags = serializers.ListField(child=serializers.CharField(), default=list, help_text="Documents with all of them.")
    since = serializers.DateField(default=None, help_text="Uploaded on this day or later.")
    until = serializers.DateField(default=None, help_text="Uploaded on this day or before.")
    language = serializers.CharField(
        default="", allow_blank=True, max_length=8, help_text="Documents in this language: its ISO 639-1 code."
    )


class SearchInput(FilterInput):
    example = {"query": "When does the depot open?", "limit": 5, "tags": ["depot"]}

    query = serializers.CharField(max_length=2000)
    knowledge_base = serializers.UUIDField(required=False)
    documents = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=200)
    limit = serializers.IntegerField(min_value=1, max_value=50, default=8)
    explain = serializers.BooleanField(default=False, help_text="Say with each passage why it was found.")


class WhySerializer(serializers.Serializer):
    words = serializers.FloatField(help_text="What words give to the score.")
    meaning = serializers.FloatField(help_text="What meaning gives to the score.")
    terms = serializers.ListField(
        child=serializers.CharField(), help_text="The query's words that stand there, in any of their forms."
    )
    nearness = serializers.FloatField(
        allow_null=True,
        help_text="Of the meaning: the cosine, or 0 to 1 where collections of several models are searched. null: not near, or not asked.",
    )

    sentence = serializers.FloatField(
        allow_null=True, help_text="What its best sentence gives, where the best ten are ordered by that; else null."
    )


class HitSerializer(serializers.Serializer):
    chunk_id = serializers.UUIDField()
    document_id = serializers.UUIDField()
    document = serializers.CharField()
    text = serializers.CharField()
    heading = serializers.CharField()
    page = serializers.IntegerField(allow_null=True)
    score = serializers.FloatField(help_text="0 to 1 within this result.")
    why = WhySerializer(allow_null=True)


class HitsSerializer(serializers.Serializer):
    results = HitSerializer(many=True)


def base_of(request: Request, pk: Any) -> KnowledgeBase:
    """Return the collection of a key, or the first one; both only if the person may search it. Raises Http404."""
    visible = KnowledgeBase.objects.visible_to(request.user)
    return get_object_or_404(visible, pk=pk) if pk else get_object_or_404(visible.order_by("created_at")[:1])


def _filters(values: dict[str, Any]) -> Filters:
    tags = tuple(tag.lower() for tag in values["tags"])
    documents = tuple(values.get("documents", ()))
    language, since, until = values["language"].lower(), values["since"], values["until"]
    return Filters(documents=documents, tags=tags, since=since, until=until, language=language)


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
    values = checked(UploadInput, request.data)
    base = base_of(request, values.get("knowledge_base"))
    stored, is_new = services.upload_document(
        actor=request.user, knowledge_base=base, upload=values["file"], tags=values["tags"]
    )
    return Response(DocumentSerializer(stored).data, status=201 if is_new else 200)


class PasteInput(serializers.Serializer):
    example = {"name": "Depot", "text": "# Opening hours\n\nThe depot opens at 06:30.", "tags": ["depot"]}

    name = serializers.CharField(max_length=200)
    text = serializers.CharField(help_text="Markdown or plain text.")
    knowledge_base = serializers.UUIDField(required=False, help_text="Default: the first collection.")
    tags = serializers.ListField(child=serializers.CharField(allow_blank=True), default=list)


@extend_schema(
    tags=["knowledge-base"], request=PasteInput, responses={201: DocumentSerializer, 200: DocumentSerializer}
)
@api_view(["POST"])
def paste(request: Request) -> Response:
    """Store a text as a document. The same text answers 200 with the document that stands."""
    values = checked(PasteInput, request.data)
    base = base_of(request, values.pop("knowledge_base", None))
    stored, is_new = services.paste_document(actor=request.user, knowledge_base=base, **values)
    return Response(DocumentSerializer(stored).data, status=201 if is_new else 200)


class DocumentsInput(FilterInput):
    q = serializers.CharField(default="", allow_blank=True, help_text="Words of the name.")
    knowledge_base = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(Document.State.choices, required=False)
    use = serializers.ChoiceField(
        [(NEVER, "never cited"), (STALE, "not renewed for a year")], required=False, help_text="Searchable ones alone."
    )


@extend_schema(tags=["knowledge-base"], responses=paged(UsedDocumentSerializer), parameters=[DocumentsInput])
@api_view(["GET"])
def documents(request: Request) -> Response:
    """List documents, newest first."""
    values = checked(DocumentsInput, request.query_params)
    found = Document.objects.visible_to(request.user).named(values["q"]).fitting(_filters(values))
    for field in ("knowledge_base", "state"):
        if field in values:
            found = found.filter(**{field: values[field]})
    return listed(request, found.used(values.get("use", "")).with_use(), UsedDocumentSerializer)


@extend_schema(tags=["knowledge-base"], methods=["GET"], responses=DocumentSerializer)
@extend_schema(tags=["knowledge-base"], methods=["PATCH"], request=TagsInput, responses=DocumentSerializer)
@extend_schema(tags=["knowledge-base"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PATCH", "DELETE"])
def document(request: Request, pk: Any) -> Response:
    """Read a document's state, give it tags, or delete it with its passages."""
    found = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    if request.method == "DELETE":
        services.delete_document(actor=request.user, document=found)
        return Response(status=204)
    if request.method == "PATCH":
        services.tag_document(actor=request.user, document=found, tags=checked(TagsInput, request.data)["tags"])
    return Response(DocumentSerializer(found).data)


@extend_schema(tags=["knowledge-base"], request=SeveralInput, responses=OutcomeSerializer)
@api_view(["POST"])
def documents_several(request: Request) -> Response:
    """Tag, read anew or delete up to 200 documents; one that cannot be changed keeps none of the others."""
    given = checked(SeveralInput, request.data)
    wanted = dict.fromkeys(given["documents"])
    found = Document.objects.visible_to(request.user).filter(pk__in=wanted)
    missing = wanted.keys() - set(found.values_list("pk", flat=True))
    outcome = several.change_documents(actor=request.user, documents=found, to_do=given["do"], tags=given["tags"])
    failed = [{"id": row.pk, "code": error.code, "detail": str(error.message)} for row, error in outcome.failed]
    gone = NotFound(_("There is no such document, or you may not see it."))
    failed += [{"id": pk, "code": gone.code, "detail": str(gone.message)} for pk in sorted(missing)]
    return Response(OutcomeSerializer({"done": outcome.done, "failed": failed}).data)


@extend_schema(tags=["knowledge-base"], request=None, responses={202: DocumentSerializer})
@api_view(["POST"])
def retry(request: Request, pk: Any) -> Response:
    """Have a document that could not be read, read again."""
    found = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    services.retry_document(actor=request.user, document=found)
    found.refresh_from_db()
    return Response(DocumentSerializer(found).data, status=202)


@extend_schema(tags=["knowledge-base"], request=None, responses={202: DocumentSerializer})
@api_view(["POST"])
def read_again(request: Request, pk: Any) -> Response:
    """Have a searchable document read anew from its file; changed passages become what the file says."""
    found = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    services.read_again(actor=request.user, document=found)
    found.refresh_from_db()
    return Response(DocumentSerializer(found).data, status=202)


@extend_schema(tags=["knowledge-base"], responses=paged(PassageSerializer))
@api_view(["GET"])
def document_passages(request: Request, pk: Any) -> Response:
    """List a document's passages in reading order, with how often answers cite each."""
    found = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    return listed(request, found.chunks.with_use(), PassageSerializer, ordering="position")


class PageInput(serializers.Serializer):
    chunk = serializers.UUIDField(required=False, help_text="The passage that is marked.")


@extend_schema(tags=["knowledge-base"], parameters=[PageInput], responses={(200, "image/png"): OpenApiTypes.BINARY})
@api_view(["GET"])
def document_page(request: Request, pk: Any, number: int) -> HttpResponse:
    """Return a page of a PDF (from 1) as a picture, with a passage marked."""
    found = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    chunk = checked(PageInput, request.query_params).get("chunk")
    picture = services.page_picture(found, number, chunk)
    return HttpResponse(picture, content_type="image/png")


@extend_schema(tags=["knowledge-base"], request=PassageInput, responses=PassageSerializer(many=True))
@api_view(["PATCH"])
def passage(request: Request, pk: Any) -> Response:
    """Change a passage's text, or leave it out of searches; the answer is what became of it: several, where it was split."""
    seen = Chunk.objects.filter(document__in=Document.objects.visible_to(request.user))
    found = get_object_or_404(seen, pk=pk)
    values, rows = checked(PassageInput, request.data), [found]
    with transaction.atomic():
        if "text" in values:
            rows = passages.change_passage(actor=request.user, chunk=found, text=values["text"])
        for row in rows if "is_left_out" in values else ():
            passages.set_left_out(actor=request.user, chunk=row, is_left_out=values["is_left_out"])
    fresh = Chunk.objects.with_use().filter(pk__in=[row.pk for row in rows]).order_by("position")
    return Response(PassageSerializer(fresh, many=True).data)


@extend_schema(tags=["knowledge-base"], request=SearchInput, responses=HitsSerializer)
@api_view(["POST"])
def search(request: Request) -> Response:
    """Search the passages that you may see, by words and by meaning."""
    values = checked(SearchInput, request.data)
    bases = [base_of(request, values["knowledge_base"])] if "knowledge_base" in values else None
    hits = services.search_documents(
        actor=request.user,
        query=values["query"],
        bases=bases,
        filters=_filters(values),
        limit=values["limit"],
        is_explained=values["explain"],
    )
    return Response(HitsSerializer({"results": hits}).data)


@extend_schema(tags=["knowledge"], methods=["GET"], responses=EmbeddingSerializer)
@extend_schema(tags=["knowledge"], methods=["PUT"], request=EmbeddingInput, responses={202: EmbeddingSerializer})
@extend_schema(tags=["knowledge"], methods=["DELETE"], responses={202: EmbeddingSerializer})
@api_view(["GET", "PUT", "DELETE"])
def embedding(request: Request, pk: Any) -> Response:
    """Read by which model a collection is found by meaning; choose another one, or stop a change that is on its way.

    The passages are embedded in the background; until all are, the former model answers.
    """
    base = get_object_or_404(KnowledgeBase.objects.visible_to(request.user), pk=pk)
    services.require_manager(request.user, base)
    if request.method == "PUT":
        model = checked(EmbeddingInput, request.data)["model"]
        services.choose_model(actor=request.user, knowledge_base=base, model=model)
    if request.method == "DELETE":
        services.stop_moving(actor=request.user, knowledge_base=base)
    base.refresh_from_db()
    return Response(EmbeddingSerializer(base).data, status=200 if request.method == "GET" else 202)


class RankingInput(serializers.Serializer):
    is_reranked = serializers.BooleanField(help_text="The best ten of a search are ordered by their best sentence.")


@extend_schema(tags=["knowledge"], request=RankingInput, responses=KnowledgeBaseSerializer)
@api_view(["PUT"])
def ranking(request: Request, pk: Any) -> Response:
    """Say how what a collection finds is ordered; a search over several follows if one of them wants it."""
    base = get_object_or_404(KnowledgeBase.objects.visible_to(request.user), pk=pk)
    services.require_manager(request.user, base)
    wanted = checked(RankingInput, request.data)["is_reranked"]
    services.choose_ranking(actor=request.user, knowledge_base=base, is_reranked=wanted)
    base.refresh_from_db()
    return Response(KnowledgeBaseSerializer(base).data)


urlpatterns = [
    *share_paths("knowledge-base/<uuid:pk>", KnowledgeBase, "knowledge-base"),
    path("knowledge-base/", knowledge_bases, name="api-knowledge-bases"),
    path("knowledge-base/<uuid:pk>/embedding", embedding, name="api-knowledge-embedding"),
    path("knowledge-base/<uuid:pk>/ranking", ranking, name="api-knowledge-ranking"),
    path("knowledge-base/upload", upload, name="api-upload"),
    path("knowledge-base/paste", paste, name="api-paste"),
    path("knowledge-base/documents", documents, name="api-documents"),
    path("knowledge-base/documents/several", documents_several, name="api-documents-several"),
    path("knowledge-base/documents/<uuid:pk>", document, name="api-document"),
    path("knowledge-base/documents/<uuid:pk>/retry", retry, name="api-document-retry"),
    path("knowledge-base/documents/<uuid:pk>/read-again", read_again, name="api-document-again"),
    path("knowledge-base/documents/<uuid:pk>/passages", document_passages, name="api-document-passages"),
    path("knowledge-base/documents/<uuid:pk>/pages/<int:number>", document_page, name="api-document-page"),
    path("knowledge-base/passages/<uuid:pk>", passage, name="api-passage"),
    path("knowledge-base/search", search, name="api-search"),
]
