"""Agents and runs in Django admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin import grant_inlines
from apps.agents.models import Agent, Run, RunEvent
from apps.audit.admin import AuditedAdmin


@admin.register(Agent)
class AgentAdmin(AuditedAdmin):
    list_display = ("name", "description", "model", "is_active", "updated_at")
    list_filter = ("is_active",)
    search_fields = ("name", "description")
    filter_horizontal = ("knowledge_bases",)
    inlines = grant_inlines(Agent)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        """What is shut is shut in here too."""
        agents: Any = super().get_queryset(request)
        return agents.visible_to(request.user)


class RunEventInline(admin.TabularInline):
    model = RunEvent
    fields = ("number", "kind", "name", "started_at", "finished_at")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Run)
class RunAdmin(AuditedAdmin):
    list_display = ("title", "agent", "state", "started_by", "created_at")
    list_filter = ("state", "agent", "created_at")
    search_fields = ("title", "question")
    date_hierarchy = "created_at"
    inlines = (RunEventInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
