"""Conversations and feedback in Django admin: what there is and whose, not what was said."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from apps.audit.admin import AuditedAdmin
from apps.conversations.models import Conversation, Feedback


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


@admin.register(Feedback)
class FeedbackAdmin(AuditedAdmin):
    list_display = ("agent", "person", "is_good", "updated_at")
    list_filter = ("is_good", "message__conversation__agent", "updated_at")
    fields = ("agent", "person", "is_good", "created_at", "updated_at")
    readonly_fields = fields
    list_select_related = ("message__conversation__agent", "message__conversation__owner")

    @admin.display(description=gettext_lazy("agent"), ordering="message__conversation__agent__name")
    def agent(self, row: Feedback) -> str:
        return row.message.conversation.agent.name

    @admin.display(description=gettext_lazy("person"), ordering="message__conversation__owner__name")
    def person(self, row: Feedback) -> str:
        return row.message.conversation.owner.name

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
