"""Jobs in both administrations: a tenant sees its own, operators see all; what was given up is a filter away."""

from typing import ClassVar

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin, platform_site
from apps.jobs.models import Job, TenantJob


class AnyJobAdmin(ReadOnlyAdmin):
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


@admin.register(TenantJob)
class TenantJobAdmin(AnyJobAdmin):
    """Runs and documents are stopped and started again on their own pages."""


@admin.register(Job, site=platform_site)
class JobAdmin(AnyJobAdmin):
    list_display = (*AnyJobAdmin.list_display, "tenant_id")
    search_fields = (*AnyJobAdmin.search_fields, "tenant_id")
