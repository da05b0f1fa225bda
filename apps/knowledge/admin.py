"""Collections and documents in Django admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts.admin import grant_inlines
from apps.audit.admin import AuditedAdmin
from apps.core.errors import Conflict
from apps.knowledge.models import Document, KnowledgeBase, Measurement, Question, Source, Upload
from apps.knowledge.services import retry_document


@admin.register(KnowledgeBase)
class KnowledgeBaseAdmin(AuditedAdmin):
    list_display = ("name", "description", "chunk_count", "updated_at")
    search_fields = ("name", "description")
    inlines = grant_inlines(KnowledgeBase)

    def get_queryset(self, request: HttpRequest) -> QuerySet[KnowledgeBase]:
        """What is shut is shut in here too."""
        bases: Any = super().get_queryset(request)
        return bases.visible_to(request.user)


@admin.register(Document)
class DocumentAdmin(AuditedAdmin):
    list_display = (
        "name",
        "knowledge_base",
        "state",
        "language",
        "chunk_count",
        "size_bytes",
        "uploaded_by",
        "created_at",
    )
    list_filter = ("state", "kind", "language", "knowledge_base", "created_at")
    search_fields = ("name", "tags")
    readonly_fields = (
        "name",
        "knowledge_base",
        "file",
        "size_bytes",
        "kind",
        "language",
        "state",
        "error",
        "page_count",
        "unread_pages",
        "chunk_count",
        "progress",
        "uploaded_by",
    )
    actions = ("try_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        documents: Any = super().get_queryset(request)
        return documents.visible_to(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description=gettext_lazy("Try again"), permissions=("change",))
    def try_again(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        started = 0
        for document in queryset:
            try:
                retry_document(actor=request.user, document=document)
                started += 1
            except Conflict:
                self.message_user(request, _("“%(name)s” did not fail.") % {"name": document.name}, messages.WARNING)
        if started:
            text = ngettext("%(n)d document is read again.", "%(n)d documents are read again.", started) % {
                "n": started
            }
            self.message_user(request, text, messages.SUCCESS)


@admin.register(Source)
class SourceAdmin(AuditedAdmin):
    """To look at: sources are added and changed on the pages, which check what is written."""

    list_display = ("title", "kind", "knowledge_base", "every", "synced_at", "error")
    list_filter = ("kind", "every", "knowledge_base")
    search_fields = ("address", "place", "folder")
    readonly_fields = (
        *("knowledge_base", "kind", "address", "place", "folder", "branch", "account", "tags", "every"),
        *("next_at", "synced_at", "error", "made_by"),
    )
    exclude = ("job", "began_at", "counts", "sealed_secret")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        sources: Any = super().get_queryset(request)
        return sources.visible_to(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Question)
class QuestionAdmin(AuditedAdmin):
    list_display = ("text", "document_name", "knowledge_base", "state")
    list_filter = ("state", "knowledge_base")
    search_fields = ("text", "document_name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        bases = KnowledgeBase.objects.manageable_by(request.user)
        return super().get_queryset(request).filter(knowledge_base__in=bases)


@admin.register(Measurement)
class MeasurementAdmin(AuditedAdmin):
    list_display = ("created_at", "note", "knowledge_base", "state", "model_name", "started_by")
    list_filter = ("state", "knowledge_base")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Measurement]:
        bases = KnowledgeBase.objects.manageable_by(request.user)
        return super().get_queryset(request).filter(knowledge_base__in=bases)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Upload)
class UploadAdmin(AuditedAdmin):
    """To look at and to clear away: what is not gone on with for a day goes by itself."""

    list_display = ("name", "knowledge_base", "received_bytes", "size_bytes", "uploaded_by", "updated_at")
    list_filter = ("knowledge_base",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        bases = KnowledgeBase.objects.manageable_by(request.user)
        return super().get_queryset(request).filter(knowledge_base__in=bases)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
