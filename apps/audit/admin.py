"""The audit in Django admin: to read, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from apps.audit.actions import AUDIT_READ
from apps.audit.models import AuditEvent
from apps.audit.services import record
from apps.core.admin import platform_site


@admin.register(AuditEvent)
@admin.register(AuditEvent, site=platform_site)
class AuditEventAdmin(admin.ModelAdmin):
    list_display = ("seq", "at", "actor_name", "action", "target_type", "target_name", "address")
    list_filter = ("action", "actor_kind", "at")
    search_fields = ("actor_name", "target_name", "target_id", "correlation_id")
    date_hierarchy = "at"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        record(AUDIT_READ, actor=request.user, after=dict(request.GET.items()))
        return super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
