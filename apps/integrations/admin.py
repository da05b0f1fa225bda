"""Connections and webhooks in Django admin: to look at, to switch off; they are made on their pages, which read descriptions and show secrets."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.audit.admin import AuditedAdmin
from apps.integrations.models import Connection, Hook, Operation, SignIn, Webhook, WebhookDelivery


class OperationInline(admin.TabularInline):
    model = Operation
    fields = ("title", "tool_name", "method", "path", "risk", "is_on")
    readonly_fields = ("is_on",)
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(boolean=True)
    def is_on(self, operation: Operation) -> bool:
        return operation.is_on


@admin.register(Connection)
class ConnectionAdmin(AuditedAdmin):
    list_display = ("name", "kind", "description", "base_url", "auth", "audience", "is_active", "described_at")
    list_filter = ("kind", "is_active", "auth")
    search_fields = ("name", "description", "base_url")
    readonly_fields = ("kind", "base_url", "source_url", "auth", "auth_name", "described_at")
    inlines = (OperationInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(SignIn)
class SignInAdmin(AuditedAdmin):
    list_display = ("connection", "given_at", "given_by", "scope", "expires_at")
    list_select_related = ("connection", "given_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Hook)
class HookAdmin(AuditedAdmin):
    list_display = ("connection", "heard_at", "refused_at", "created_at")
    list_select_related = ("connection",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Webhook)
class WebhookAdmin(AuditedAdmin):
    list_display = ("name", "url", "is_active", "off_because", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "url")
    readonly_fields = ("url", "events", "off_because", "former_until")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(AuditedAdmin):
    list_display = ("message", "webhook", "event", "about", "state", "tries", "created_at", "sent_at")
    list_filter = ("state", "event", "webhook")
    search_fields = ("message", "about")
    list_select_related = ("webhook",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
