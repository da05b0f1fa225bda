"""Projects in Django admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin import grant_inlines
from apps.audit.admin import AuditedAdmin
from apps.projects.models import Project


@admin.register(Project)
class ProjectAdmin(AuditedAdmin):
    list_display = ("name", "description", "is_open", "archived_at", "updated_at")
    list_filter = ("is_open", "archived_at")
    search_fields = ("name", "description")
    readonly_fields = ("archived_at",)
    inlines = grant_inlines(Project)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        """What is shut is shut in here too."""
        found: Any = super().get_queryset(request)
        return found.visible_to(request.user)
