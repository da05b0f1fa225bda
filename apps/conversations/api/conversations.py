"""Conversations and chatting for API clients."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.sharing import share_paths
from apps.agents.models import Agent
from apps.agents.services.routing import best_agent
from apps.conversations import exports, services
from apps.conversations.branches import siblings_of
from apps.conversations.finding import messages_with, plain
from apps.conversations.models import Citation, Conversation, Message
from apps.conversations.rendering import readable_documents
from apps.core.api import CursorPagination, checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.errors import Conflict, NotFound
from apps.core.saving import KINDS
from apps.projects.services import project_of_key

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key gives the same message, once."
)


class CitationSerializer(serializers.ModelSerializer):
    document = serializers.CharField(source="document_name")

    class Meta:
        model = Citation
        fields = ("number", "document", "document_id", "chunk_id", "heading", "page", "quote", "start", "end")
        read_only_fields = fields


class MessageSerializer(serializers.ModelSerializer):
    state = serializers.CharField(source="run.state", default="succeeded", help_text="The state of the answer's run.")
    citations = serializers.SerializerMethodField()
    versions = serializers.SerializerMethodField()
    unsupported = serializers.ListField(
        child=serializers.CharField(), help_text="What the answer quotes, and none of its passages says."
    )

    class Meta:
        model = Message
        fields = (
            "id",
            "conversation",
            "parent",
            "versions",
            "role",
            "text",
            "run",
            "state",
            "citations",
            "unsupported",
            "is_shown",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field(CitationSerializer(many=True))
    def get_citations(self, message: Message) -> list[dict[str, Any]]:
        return cited(message, self.context.get("documents"))

    def get_versions(self, message: Message) -> list[UUID]:
        """Return the keys of all messages at this place, oldest first: edited questions, or answers written again."""
        known = self.context.get("versions") or siblings_of([message])
        return known[message.pk]


def cited(message: Message, documents: set[UUID] | None = None) -> list[dict[str, Any]]:
    """Return the citations of a message that its text mentions; with `documents`, from those alone."""
    found = [c for c in message.citations.all() if c.is_cited]
    found = [c for c in found if documents is None or c.document_id in documents]
    return CitationSerializer(found, many=True).data  # type: ignore[return-value]


class ConversationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Conversation
        fields = (
            *("id", "owner", "agent", "project", "title", "summary", "is_open", "archived_at"),
            *("created_at", "updated_at"),
        )
        read_only_fields = fields


class ConversationsQuery(serializers.Serializer):
    q = serializers.CharField(default="", allow_blank=True, max_length=200)
    whose = serializers.ChoiceField(["mine", "shared"], default="mine")
    archived = serializers.BooleanField(default=False)


class FindQuery(serializers.Serializer):
    q = serializers.CharField(max_length=200)


class FoundSerializer(serializers.ModelSerializer):
    title = serializers.CharField(source="conversation.title", help_text="Of the conversation.")
    snippet = serializers.SerializerMethodField(help_text="What stands around the words.")

    class Meta:
        model = Message
        fields = ("id", "conversation", "title", "role", "snippet", "created_at")
        read_only_fields = fields

    def get_snippet(self, message: Any) -> str:
        return plain(message.around, self.context["words"])


class ChatInput(serializers.Serializer):
    example = {"text": "How many days of annual leave do I get?"}

    text = serializers.CharField(trim_whitespace=False)
    conversation = serializers.UUIDField(required=False, help_text="Default: a new conversation.")
    project = serializers.UUIDField(
        required=False, help_text="In which a new conversation takes place, and is counted."
    )
    tools = serializers.ListField(
        child=serializers.CharField(max_length=80),
        max_length=50,
        required=False,
        help_text="Narrows what the agent may use for this answer to these of its tools; empty: none.",
    )


class ChatNamedInput(ChatInput):
    agent = serializers.UUIDField(required=False, help_text="Default: the one that fits the question best.")


class MessageInput(serializers.Serializer):
    text = serializers.CharField(trim_whitespace=False)
    replaces = serializers.UUIDField(
        required=False, help_text="A former message of yours: the new one opens a branch beside it."
    )


class ConversationChange(serializers.Serializer):
    title = serializers.CharField(max_length=120, required=False)
    is_archived = serializers.BooleanField(required=False)


def _mine(request: Request, pk: Any) -> Conversation:
    return get_object_or_404(Conversation.objects.owned_by(request.user), pk=pk)


def _read(request: Request, pk: Any) -> Conversation:
    """Find a conversation of one's own or one that is shared; that somebody else's is read is written down."""
    found = get_object_or_404(Conversation.objects.visible_to(request.user), pk=pk)
    services.look_at(actor=request.user, conversation=found)
    return found


def _key(request: Request, text: str) -> str:
    """Return the client's idempotency key. Raises Conflict when it was used for another text."""
    key = request.headers.get("Idempotency-Key", "")[:100]
    known = (
        Message.objects.filter(run__started_by_id=request.user.pk, run__idempotency_key=key).first() if key else None
    )
    if known is not None and known.run is not None and known.run.question != text.strip():
        raise Conflict("This idempotency key was used with another text.", code="idempotency_key_reused")
    return key


@extend_schema(tags=["agents"], request=ChatInput, responses={202: MessageSerializer}, parameters=[IDEMPOTENCY])
@api_view(["POST"])
def chat(request: Request, pk: Any) -> Response:
    """Ask an agent; follow the answer at `/runs/{run}/events`, or read the message until its state is final."""
    agent = get_object_or_404(Agent.objects.usable_by(request.user), pk=pk)
    return _asked(request, agent, checked(ChatInput, request.data))


@extend_schema(
    operation_id="agents_chat_named",
    tags=["agents"],
    request=ChatNamedInput,
    responses={202: MessageSerializer},
    parameters=[IDEMPOTENCY],
)
@api_view(["POST"])
def chat_named(request: Request) -> Response:
    """Ask the agent that the body names, or the one that fits the question best; in a conversation the one that it is with."""
    values = checked(ChatNamedInput, request.data)
    if "conversation" in values:
        return _asked(request, _mine(request, values["conversation"]).agent, values)
    chosen, project = values.pop("agent", None), project_of_key(request.user, values.get("project"))
    if chosen is not None:
        return _asked(request, get_object_or_404(Agent.objects.usable_by(request.user), pk=chosen), values)
    best = best_agent(actor=request.user, text=values["text"], project=project)
    if best is None:
        raise NotFound(_("There is no agent that you may ask."))
    return _asked(request, best.agent, values, because=best.why)


def _asked(request: Request, agent: Agent, values: dict[str, Any], because: str = "") -> Response:
    asked: dict[str, Any] = {"actor": request.user, "text": values["text"], "tools": values.get("tools")}
    asked["idempotency_key"] = _key(request, values["text"])
    if "conversation" in values:
        reply = services.send_message(conversation=_mine(request, values["conversation"]), **asked)
    else:
        project = project_of_key(request.user, values.get("project"))
        reply = services.start_conversation(agent=agent, project=project, chosen_because=because, **asked)
    return Response(MessageSerializer(reply).data, status=202)


@extend_schema(
    tags=["conversations"],
    responses=paged(ConversationSerializer),
    parameters=[ConversationsQuery],
)
@api_view(["GET"])
def conversations(request: Request) -> Response:
    """List your conversations, or those that others share with you, archived ones or the others; `q` searches titles and messages."""
    wanted = checked(ConversationsQuery, request.query_params)
    rows = Conversation.objects.all()
    found = rows.shared_with(request.user) if wanted["whose"] == "shared" else rows.owned_by(request.user)
    found = found.exclude(archived_at=None) if wanted["archived"] else found.current()
    return listed(request, found.matching(wanted["q"]), ConversationSerializer)


@extend_schema(tags=["conversations"], parameters=[FindQuery], responses=paged(FoundSerializer))
@api_view(["GET"])
def search(request: Request) -> Response:
    """Find messages with every word of `q`, in conversations of yours and those that are shared with you; archived ones, too."""
    words = checked(FindQuery, request.query_params)["q"]
    rows = Conversation.objects.all()
    readable = rows.owned_by(request.user) | rows.shared_with(request.user)
    found = messages_with(readable.values("pk"), words)
    return listed(request, found, FoundSerializer, context={"words": words.split()})


@extend_schema(
    tags=["conversations"],
    parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=[*KINDS, exports.JSON])],
    responses={(200, media_type): OpenApiTypes.BINARY for media_type, _draw in KINDS.values()}
    | {(200, "application/json"): OpenApiTypes.ANY},
)
@api_view(["GET"])
def export(request: Request, pk: Any, kind: str) -> HttpResponse:
    """Save a conversation as PDF, Word file, Markdown or JSON, with the citations that you may see."""
    found = _read(request, pk)
    rows = exports.messages_of(found)
    documents = _documents(request, found, rows)
    made = exports.file_of(actor=request.user, conversation=found, kind=kind, messages=rows, documents=documents)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return HttpResponse(made.data, content_type=made.media_type, headers=headers)


@extend_schema(tags=["conversations"], methods=["GET"], responses=ConversationSerializer)
@extend_schema(tags=["conversations"], methods=["PATCH"], request=ConversationChange, responses=ConversationSerializer)
@extend_schema(tags=["conversations"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "PATCH", "DELETE"])
def conversation(request: Request, pk: Any) -> Response:
    """Read a conversation of yours or one that is shared with you; rename or archive (DELETE) one of yours, or take it out of the archive."""
    if request.method == "GET":
        return Response(ConversationSerializer(_read(request, pk)).data)
    found = _mine(request, pk)
    if request.method == "DELETE":
        services.archive_conversation(actor=request.user, conversation=found)
        return Response(status=204)
    if request.method == "PATCH":
        values = checked(ConversationChange, request.data)
        if "title" in values:
            services.rename_conversation(actor=request.user, conversation=found, title=values["title"])
        if "is_archived" in values:
            is_archived = values["is_archived"]
            services.archive_conversation(actor=request.user, conversation=found, is_archived=is_archived)
        found.refresh_from_db()
    return Response(ConversationSerializer(found).data)


@extend_schema(tags=["conversations"], methods=["GET"], responses=paged(MessageSerializer))
@extend_schema(
    tags=["conversations"],
    methods=["POST"],
    request=MessageInput,
    responses={202: MessageSerializer},
    parameters=[IDEMPOTENCY],
)
@api_view(["GET", "POST"])
def messages(request: Request, pk: Any) -> Response:
    """List the messages of the shown branch, newest first; send one in a conversation of yours."""
    if request.method == "POST":
        return _send(request, _mine(request, pk))
    found = _read(request, pk)
    paginator = CursorPagination()
    paginator.ordering = "-position"
    rows = found.messages.shown().select_related("run").prefetch_related("citations")
    page = paginator.paginate_queryset(rows, request) or []
    context = {"versions": siblings_of(page), "documents": _documents(request, found, page)}
    return paginator.get_paginated_response(MessageSerializer(page, many=True, context=context).data)


def _documents(request: Request, found: Conversation, page: list[Message]) -> set[UUID] | None:
    """Return the cited documents that a reader may see; None in a conversation of one's own."""
    if found.owner_id == request.user.pk:
        return None
    return readable_documents(request.user, page)


def _send(request: Request, found: Conversation) -> Response:
    values = checked(MessageInput, request.data)
    own = found.messages.filter(role=Message.Role.USER)
    reply = services.send_message(
        actor=request.user,
        conversation=found,
        text=values["text"],
        replaces=get_object_or_404(own, pk=values["replaces"]) if "replaces" in values else None,
        idempotency_key=_key(request, values["text"]),
    )
    return Response(MessageSerializer(reply).data, status=202)


@extend_schema(tags=["conversations"], responses=MessageSerializer)
@api_view(["GET"])
def message(request: Request, pk: Any, message_pk: Any) -> Response:
    """Read one message of a conversation of yours or one that is shared with you."""
    conversation = _read(request, pk)
    found = get_object_or_404(conversation.messages.select_related("run").prefetch_related("citations"), pk=message_pk)
    context = {"documents": _documents(request, conversation, [found])}
    return Response(MessageSerializer(found, context=context).data)


def _message(request: Request, pk: Any, message_pk: Any) -> Message:
    return get_object_or_404(_mine(request, pk).messages.select_related("run", "conversation"), pk=message_pk)


@extend_schema(tags=["conversations"], request=None, responses={202: MessageSerializer})
@api_view(["POST"])
def again(request: Request, pk: Any, message_pk: Any) -> Response:
    """Have the question of this answer answered once more, as a further version."""
    found = _message(request, pk, message_pk)
    reply = services.answer_again(actor=request.user, conversation=found.conversation, message=found)
    return Response(MessageSerializer(reply).data, status=202)


@extend_schema(tags=["conversations"], request=None, responses=MessageSerializer)
@api_view(["POST"])
def show(request: Request, pk: Any, message_pk: Any) -> Response:
    """Make the branch through this message the one that is shown and remembered."""
    found = _message(request, pk, message_pk)
    services.show_branch(conversation=found.conversation, message=found)
    found.refresh_from_db()
    return Response(MessageSerializer(found).data)


urlpatterns = [
    *share_paths("conversations/<uuid:pk>", Conversation, "conversation"),
    path("agents/chat", chat_named, name="api-chat-named"),
    path("agents/<uuid:pk>/chat", chat, name="api-chat"),
    path("conversations/", conversations, name="api-conversations"),
    path("conversations/search", search, name="api-conversation-search"),
    path("conversations/<uuid:pk>/export.<slug:kind>", export, name="api-conversation-export"),
    path("conversations/<uuid:pk>", conversation, name="api-conversation"),
    path("conversations/<uuid:pk>/messages", messages, name="api-messages"),
    path("conversations/<uuid:pk>/messages/<uuid:message_pk>", message, name="api-message"),
    path("conversations/<uuid:pk>/messages/<uuid:message_pk>/again", again, name="api-message-again"),
    path("conversations/<uuid:pk>/messages/<uuid:message_pk>/show", show, name="api-message-show"),
]
