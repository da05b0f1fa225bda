"""Audit, security events and alerts in Django admin: to read, never to change; and what any model's page in there leaves in the audit."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.audit.actions import AUDIT_READ, ROW_ADDED, ROW_CHANGED, ROW_DELETED, SECURITY_READ
from apps.audit.models import Alert, AlertChannel, AuditEvent, SecurityEvent
from apps.audit.services import security
from apps.audit.services.trail import record
from apps.core.admin import ReadOnlyAdmin, platform_site

HIDDEN = "…"


class AuditedAdmin(admin.ModelAdmin):
    """Writes to the audit what Django admin writes to its own log, with the fields before and after.

    What a password field holds is never told, only that it changed.
    """

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        forms_ = [form, *(inner for formset in formsets or () for inner in formset.forms)]
        changes = [_changes(one) for one in forms_ if one.has_changed()]
        request.audit_changes = changes  # type: ignore[attr-defined]
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        after = _merged(request, "after")
        record(ROW_ADDED, actor=request.user, target=obj, after=after)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        before, after = _merged(request, "before"), _merged(request, "after")
        if before or after:
            record(ROW_CHANGED, actor=request.user, target=obj, before=before, after=after)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            record(ROW_DELETED, actor=request.user, target=obj)
        return super().log_deletions(request, queryset)


def _changes(form: Any) -> dict[str, dict[str, Any]]:
    prefix = f"{form.instance._meta.verbose_name} “{form.instance}”: " if getattr(form, "prefix", None) else ""
    fields = form.changed_data
    return {
        "before": {prefix + name: _told(form, name, _initial(form, name)) for name in fields},
        "after": {prefix + name: _told(form, name, form.cleaned_data.get(name)) for name in fields},
    }


def _initial(form: Any, name: str) -> Any:
    field = form.fields.get(name)
    if field is None:  # the form for a password names it so, whatever its fields are called
        return None
    value = form.get_initial_for_field(field, name)
    is_choice = isinstance(field, forms.ModelChoiceField) and not isinstance(field, forms.ModelMultipleChoiceField)
    if is_choice and value:
        return field.queryset.filter(pk=value).first()
    return value


def _told(form: Any, name: str, value: Any) -> Any:
    if name not in form.fields or isinstance(form.fields[name].widget, forms.PasswordInput):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | models.QuerySet):
        return sorted(str(one) for one in value)
    return str(value)[:2000]


def _merged(request: HttpRequest, which: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for change in getattr(request, "audit_changes", ()):
        merged |= change[which]
    return merged


@admin.register(AuditEvent)
@admin.register(AuditEvent, site=platform_site)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("seq", "at", "actor_name", "through", "action", "target_type", "target_name", "address")
    list_filter = ("action", "actor_kind", "at")
    search_fields = ("actor_name", "target_name", "target_id", "correlation_id")
    date_hierarchy = "at"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        record(AUDIT_READ, actor=request.user, after=dict(request.GET.items()))
        return super().changelist_view(request, extra_context)


@admin.register(SecurityEvent)
@admin.register(SecurityEvent, site=platform_site)
class SecurityEventAdmin(ReadOnlyAdmin):
    list_display = ("last_at", "severity", "kind", "who", "address", "count", "handled_by")
    list_filter = ("severity", "kind", "last_at", ("handled_at", admin.EmptyFieldListFilter))
    search_fields = ("subject", "actor_name", "address", "correlation_id")
    date_hierarchy = "last_at"
    actions = ("mark_handled",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET":
            record(SECURITY_READ, actor=request.user, after=dict(request.GET.items()))
        return super().changelist_view(request, extra_context)

    def has_handle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("audit.handle_securityevent")

    @admin.action(description=_("Mark as handled"), permissions=["handle"])
    def mark_handled(self, request: HttpRequest, queryset: models.QuerySet[SecurityEvent]) -> None:
        for event in queryset.filter(handled_at=None):
            security.handle(actor=request.user, event=event)


@admin.register(AlertChannel)
class AlertChannelAdmin(ReadOnlyAdmin):
    """Added, tried and removed on the page for alerts, which shows a webhook's secret once."""

    list_display = ("target", "kind", "least", "created_at")
    fields = list_display


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "channel", "event", "severity", "state", "error")
    list_filter = ("state", "severity", "created_at")
    list_select_related = ("channel", "event")
