"""Jobs in both administrations: a tenant sees its own, operators see all; what was given up is a filter away."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin import platform_site
from apps.jobs.models import Job, TenantJob


class ReadOnlyJobAdmin(admin.ModelAdmin):
    list_display: tuple[str, ...] = (
        "kind",
        "object_id",
        "state",
        "queue",
        "deaths",
        "attempts",
        "created_at",
        "finished_at",
        "error",
    )
    list_filter = ("state", "queue", "kind", "created_at")
    search_fields: ClassVar[tuple[str, ...]] = ("object_id", "error")
    fields = (
        *("kind", "object_id", "state", "queue", "priority", "error", "deaths", "attempts"),
        *("owner", "not_before", "lease_until", "created_at", "started_at", "finished_at"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(TenantJob)
class TenantJobAdmin(ReadOnlyJobAdmin):
    """Runs and documents are stopped and started again on their own pages."""


@admin.register(Job, site=platform_site)
class JobAdmin(ReadOnlyJobAdmin):
    list_display = (*ReadOnlyJobAdmin.list_display, "tenant_id")
    search_fields = (*ReadOnlyJobAdmin.search_fields, "tenant_id")
