"""Organisations in the platform's administration: what there is and in which state, never what is inside; and what they are offered."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.audit.admin import AuditedAdmin
from apps.core.admin import ReadOnlyAdmin, platform_site
from apps.core.errors import InvalidInput
from apps.tenants import services
from apps.tenants.flags import all_flags, flag
from apps.tenants.forms import OperatorTenantForm
from apps.tenants.models import Domain, FlagRule, Plan, SupportAccess, Tenant


class NewTenantForm(OperatorTenantForm):
    """The form of the add page; asking for the tenant is part of its validation, so that errors stand at the field."""

    actor: Any = None

    def __init__(self, *args: Any, instance: Tenant | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance = instance

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            try:
                self.instance = services.request_tenant(**values, actor=self.actor)
            except InvalidInput as error:
                self.add_error(error.field, str(error.message))
        return values

    def save(self, commit: bool = True) -> Tenant | None:
        return self.instance

    def save_m2m(self) -> None:
        """Nothing is left to save."""


class DomainInline(admin.TabularInline):
    model = Domain
    extra = 0


@admin.register(Tenant, site=platform_site)
class TenantAdmin(AuditedAdmin):
    list_display = ("name", "slug", "state", "plan", "created_at")
    list_filter = ("state", "plan", "created_at")
    list_select_related = ("plan",)
    search_fields = ("name", "slug", "domains__domain")
    readonly_fields = ("slug", "schema_name", "state", "accent", "mail_sender", "created_at")
    fields = ("name", "plan", "slug", "schema_name", "state", "accent", "mail_sender", "created_at")
    inlines = (DomainInline,)

    def get_form(self, request: HttpRequest, obj: Tenant | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        return type("NewTenantForm", (NewTenantForm,), {"actor": request.user})

    def get_fieldsets(self, request: HttpRequest, obj: Tenant | None = None) -> Any:
        fields = self.fields if obj else tuple(OperatorTenantForm.base_fields)
        return ((None, {"fields": fields}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> Any:
        return self.readonly_fields if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Tenant | None) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:
        if change:
            if "plan" in form.changed_data:  # before the row is saved, so that the audit knows the former one
                services.give_plan(actor=request.user, tenant=obj, plan=obj.plan)
            super().save_model(request, obj, form, change)
        else:
            messages.info(request, _("The organisation is being set up; its owner gets a message when it is ready."))

    def has_delete_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        return False


@admin.register(Plan, site=platform_site)
class PlanAdmin(admin.ModelAdmin):
    """What plans allow; the service writes it down and tells every organisation that has one."""

    list_display = ("name", "tokens_a_month", "money_a_month", "requests_a_minute", "is_default")
    search_fields = ("name",)

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:
        values = {field: getattr(obj, field) for field in services.PLAN_FIELDS}
        standing = Plan.objects.get(pk=obj.pk) if change else None
        obj.pk = services.save_plan(actor=request.user, values=values, plan=standing).pk

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.tenants.exists())

    def delete_model(self, request: HttpRequest, obj: Plan) -> None:
        services.remove_plan(actor=request.user, plan=obj)

    def get_actions(self, request: HttpRequest) -> Any:
        """Leave out deleting many at once, which would not ask for each."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}


@admin.register(Domain, site=platform_site)
class DomainAdmin(AuditedAdmin):
    list_display = ("domain", "tenant", "is_primary")
    search_fields = ("domain", "tenant__name")


@admin.register(SupportAccess, site=platform_site)
class SupportAccessAdmin(ReadOnlyAdmin):
    """Organisations let support in on their own pages; operators enter from the page Operation."""

    list_display = ("tenant", "role", "reason", "given_by", "created_at", "expires_at", "ended_at")
    list_filter = ("role", "created_at")
    search_fields = ("tenant__name", "reason")
    list_select_related = ("tenant",)


@admin.register(FlagRule, site=platform_site)
class FlagRuleAdmin(admin.ModelAdmin):
    """What the platform offers; the services write it down and drop what is cached. Organisations' own rules stand on their pages."""

    list_display = ("flag", "tenant", "is_on", "percentage", "roles", "changed_at")
    list_filter = ("flag", "is_on")
    search_fields = ("flag", "tenant__name")
    fields = ("flag", "tenant", "is_on", "roles", "percentage")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlagRule]:
        return super().get_queryset(request).filter(is_own=False).select_related("tenant")

    def get_readonly_fields(self, request: HttpRequest, obj: FlagRule | None = None) -> Any:
        return ("flag", "tenant") if obj else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "flag":
            return forms.ChoiceField(label=db_field.verbose_name, choices=[(f.key, f.words) for f in all_flags()])
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: FlagRule, form: Any, change: bool) -> None:
        values: dict[str, Any] = {"is_on": obj.is_on, "roles": obj.roles, "percentage": obj.percentage}
        obj.pk = services.offer_feature(actor=request.user, flag=flag(obj.flag), tenant=obj.tenant, **values).pk

    def delete_model(self, request: HttpRequest, obj: FlagRule) -> None:
        services.withdraw_rule(actor=request.user, rule=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[FlagRule]) -> None:
        for rule in queryset:
            services.withdraw_rule(actor=request.user, rule=rule)
