"""Prompts in Django admin: named and described there, read with their versions; versions are written on their page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.audit.admin import AuditedAdmin
from apps.core.admin import ReadOnlyAdmin
from apps.prompts.models import Prompt, PromptLabel, PromptVersion
from apps.prompts.registry import uses_of


class VersionInline(admin.TabularInline):
    model = PromptVersion
    fields = readonly_fields = ("number", "note", "written_by", "created_at")
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class LabelInline(admin.TabularInline):
    model = PromptLabel
    fields = readonly_fields = ("name", "version", "moved_at")
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Prompt)
class PromptAdmin(AuditedAdmin):
    list_display = ("name", "description", "updated_at")
    search_fields = ("name", "description")
    inlines = (LabelInline, VersionInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no: a prompt is made with its first version, on its page."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no while an agent uses the prompt."""
        return super().has_delete_permission(request, obj) and (obj is None or not uses_of(obj))


@admin.register(PromptVersion)
class PromptVersionAdmin(ReadOnlyAdmin):
    list_display = ("prompt", "number", "note", "written_by", "created_at")
    list_filter = ("prompt", "created_at")
    search_fields = ("prompt__name", "text", "note")
    list_select_related = ("prompt", "written_by")
