"""Chats on other sites in Django admin: to look at and to switch off; they are made on their pages, which share the agent and show the secret."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.audit.admin import AuditedAdmin
from apps.widgets.models import Visitor, Widget


@admin.register(Widget)
class WidgetAdmin(AuditedAdmin):
    list_display = ("name", "agent", "is_active", "needs_identity", "created_at")
    list_filter = ("is_active", "needs_identity")
    list_select_related = ("agent",)
    search_fields = ("name",)
    readonly_fields = ("agent", "account", "origins")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Visitor)
class VisitorAdmin(AuditedAdmin):
    list_display = ("__str__", "widget", "subject", "created_at", "seen_at")
    list_filter = ("widget",)
    list_select_related = ("widget",)
    search_fields = ("name", "subject")
    readonly_fields = ("widget", "subject", "seen_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
