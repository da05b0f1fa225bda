"""The audit in Django admin: to read, never to change."""

from django.contrib import admin
from django.http import HttpRequest

from apps.audit.models import AuditEvent
from apps.core.admin import platform_site


@admin.register(AuditEvent)
@admin.register(AuditEvent, site=platform_site)
class AuditEventAdmin(admin.ModelAdmin):
    list_display = ("at", "actor_name", "action", "target_type", "target_name", "address")
    list_filter = ("action", "actor_kind", "at")
    search_fields = ("actor_name", "target_name", "target_id", "correlation_id")
    date_hierarchy = "at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
