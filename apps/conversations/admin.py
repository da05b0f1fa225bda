"""Conversations in Django admin: what there is and whose, not what was said."""

from django.contrib import admin
from django.http import HttpRequest

from apps.audit.admin import AuditedAdmin
from apps.conversations.models import Conversation


@admin.register(Conversation)
class ConversationAdmin(AuditedAdmin):
    list_display = ("title", "owner", "agent", "updated_at", "archived_at")
    list_filter = ("agent", "updated_at")
    search_fields = ("title", "owner__name", "owner__email")
    fields = ("title", "owner", "agent", "is_open", "created_at", "updated_at", "archived_at")

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("conversations.list_conversation") or super().has_view_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
