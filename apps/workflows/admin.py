"""Automations, batches and workflows in Django admin: to look at, to pause and stop; they are made on their pages, in their owner's name."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.accounts.admin import grant_inlines
from apps.core.admin import ReadOnlyAdmin
from apps.workflows.models import (
    Automation,
    Batch,
    Checklist,
    ChecklistItem,
    Delivery,
    Execution,
    ExecutionStep,
    Occurrence,
    Workflow,
)
from apps.workflows.services import automations as services
from apps.workflows.services import batches, executions


@admin.register(Automation)
class AutomationAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "owner",
        "agent",
        "workflow",
        "kind",
        "cron",
        "event",
        "is_active",
        "next_at",
        "paused_because",
    )
    list_filter = ("kind", "is_active", "event")
    search_fields = ("name", "owner__name", "agent__name")
    exclude = ("sealed_secret",)
    actions = ("pause",)

    def has_pause_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("workflows.change_automation")

    @admin.action(description=_("Pause"), permissions=["pause"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Automation]) -> None:
        found = list(queryset.filter(is_active=True))
        for automation in found:
            services.switch(actor=request.user, automation=automation, is_active=False)
        words = ngettext("%(n)d automation is paused.", "%(n)d automations are paused.", len(found))
        messages.info(request, words % {"n": len(found)})


class DeliveryInline(admin.TabularInline):
    model = Delivery
    fields = ("kind", "target", "state", "error", "created_at", "sent_at")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Occurrence)
class OccurrenceAdmin(ReadOnlyAdmin):
    list_display = ("automation", "cause", "due_at", "state", "error", "missed")
    list_filter = ("state", "cause")
    search_fields = ("automation__name",)
    date_hierarchy = "due_at"
    inlines = (DeliveryInline,)


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = ("name", "owner", "agent", "state", "rows", "created_at", "finished_at", "reason")
    list_filter = ("state",)
    search_fields = ("name", "owner__name", "agent__name")
    date_hierarchy = "created_at"
    actions = ("stop",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        return Batch.objects.with_counts().select_related("owner", "agent")

    @admin.display(description=_("rows"))
    def rows(self, batch: Any) -> str:
        return f"{batch.done} / {batch.total}"

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("workflows.change_batch")

    @admin.action(description=_("Stop"), permissions=["stop"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        found = list(queryset.filter(state__in=(Batch.State.RUNNING, Batch.State.PAUSED)))
        for batch in found:
            batches.stop_batch(actor=request.user, batch=batch)
        words = ngettext("%(n)d batch is stopped.", "%(n)d batches are stopped.", len(found))
        messages.info(request, words % {"n": len(found)})


@admin.register(Workflow)
class WorkflowAdmin(ReadOnlyAdmin):
    list_display = ("name", "description", "is_active", "is_open", "updated_at")
    list_filter = ("is_active", "is_open")
    search_fields = ("name", "description")
    inlines = grant_inlines(Workflow)


class ExecutionStepInline(admin.TabularInline):
    model = ExecutionStep
    fields = ("key", "title", "state", "run", "group_name", "answered_by", "error", "started_at", "finished_at")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Execution)
class ExecutionAdmin(ReadOnlyAdmin):
    list_display = ("name", "started_by", "state", "created_at", "finished_at", "error")
    list_filter = ("state",)
    search_fields = ("name", "started_by__name")
    date_hierarchy = "created_at"
    inlines = (ExecutionStepInline,)
    actions = ("stop",)

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("workflows.change_execution")

    @admin.action(description=_("Stop"), permissions=["stop"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Execution]) -> None:
        found = list(queryset.filter(state__in=Execution.OPEN))
        for execution in found:
            executions.stop_execution(actor=request.user, execution=execution)
        words = ngettext("%(n)d workflow is stopped.", "%(n)d workflows are stopped.", len(found))
        messages.info(request, words % {"n": len(found)})


class ChecklistItemInline(admin.TabularInline):
    model = ChecklistItem
    fields = ("title", "phase", "due", "assignee", "who", "done_at", "done_by")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Checklist)
class ChecklistAdmin(ReadOnlyAdmin):
    list_display = ("name", "owner", "person", "created_at")
    list_select_related = ("owner", "person")
    search_fields = ("name", "owner__name", "person__name")
    inlines = (ChecklistItemInline,)
