"""Projects in Django admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin import grant_inlines
from apps.audit.admin import AuditedAdmin
from apps.projects.models import Project
from apps.projects.registry import assignables


@admin.register(Project)
class ProjectAdmin(AuditedAdmin):
    list_display = ("name", "description", "is_open", "archived_at", "updated_at")
    list_filter = ("is_open", "archived_at")
    search_fields = ("name", "description")
    readonly_fields = ("archived_at", "assigned")
    inlines = grant_inlines(Project)

    @admin.display(description=_("assigned"))
    def assigned(self, project: Project) -> str:
        """Name what is assigned, to read: assigning asks who manages it, on the project's page."""
        return ", ".join(str(thing) for kind in assignables() for thing in kind.assigned_to(project)) or "–"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        """What is shut is shut in here too."""
        found: Any = super().get_queryset(request)
        return found.visible_to(request.user)
