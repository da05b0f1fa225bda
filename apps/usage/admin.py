"""Usage records in Django admin, to read; budgets and prices, to set."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.audit.admin import AuditedAdmin
from apps.core.admin import ReadOnlyAdmin
from apps.usage.models import Budget, BudgetRequest, Price, UsageRecord


@admin.register(UsageRecord)
class UsageRecordAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "agent_name",
        "project_name",
        "user",
        "provider_name",
        "model_name",
        "input_tokens",
        "output_tokens",
        "cost",
    )
    list_filter = ("is_answered", "is_kept", "provider_name", "model_name")
    search_fields = ("agent_name", "project_name", "model_name", "user__email")
    date_hierarchy = "created_at"
    list_select_related = ("user",)


@admin.register(Budget)
class BudgetAdmin(AuditedAdmin):
    list_display = ("name", "scope", "object_name", "limit", "measure", "period", "is_active")
    list_filter = ("scope", "period", "is_active")
    search_fields = ("name", "object_name")
    fields = ("name", "limit", "measure", "period", "warn_at", "is_active")

    def has_change_permission(self, request: HttpRequest, obj: Budget | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_plan)

    def has_delete_permission(self, request: HttpRequest, obj: Budget | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_plan)

    def get_actions(self, request: HttpRequest) -> Any:
        """Leave out deleting many at once, which would not ask for each."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def has_add_permission(self, request: object) -> bool:
        """Say no: for whom a budget is, is chosen on its page."""
        return False


@admin.register(Price)
class PriceAdmin(AuditedAdmin):
    list_display = ("model", "input", "output", "cached")
    search_fields = ("model__name",)


@admin.register(BudgetRequest)
class BudgetRequestAdmin(ReadOnlyAdmin):
    list_display = ("asked_at", "asked_by", "period", "note", "answered_at", "granted")
    list_select_related = ("asked_by", "period__budget")
