"""People, roles and invitations in Django admin, under the same rules as on the pages."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.events import rights_changed
from apps.accounts.models import ApiKey, Invitation, User
from apps.accounts.roles import MEMBER, group_for
from apps.accounts.services import keys, members
from apps.audit.admin import AuditedAdmin
from apps.core.admin import platform_site
from apps.core.errors import DomainError

admin.site.unregister(Group)


class AccountAdmin(AuditedAdmin, UserAdmin):
    ordering = ("name",)
    list_display = ("name", "email", "is_active", "last_login")
    list_filter: ClassVar[Any] = ("is_active",)
    search_fields = ("name", "email")
    filter_horizontal = ("groups",)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("name", "email", "password")}),
        (_("Preferences"), {"fields": ("language", "time_zone", "theme")}),
        (_("Dates"), {"fields": ("last_login", "created_at")}),
    )
    readonly_fields: ClassVar[Any] = ("last_login", "created_at")
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("name", "email", "usable_password", "password1", "password2")}),
    )

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """After a new password, pages that are open with the former one close."""
        rights_changed.send(sender=User, user=obj)
        return super().log_change(request, obj, message)


@admin.register(User, site=platform_site)
class OperatorAdmin(AccountAdmin):
    """Operators: all of them may do everything on the platform, so there is nothing to give but the account."""

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.is_superuser = True
        super().save_model(request, obj, form, change)


@admin.register(User)
class MemberAdmin(AccountAdmin):
    list_filter = ("is_active", "groups")
    fieldsets = (*AccountAdmin.fieldsets, (_("Rights"), {"fields": ("is_active", "groups")}))
    readonly_fields = (*AccountAdmin.readonly_fields, "is_active")
    actions = ("suspend", "restore")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever holds more rights than the administrator is out of reach, password and all."""
        is_in_reach = obj is None or all(members.may_grant(request.user, group) for group in obj.groups.all())
        return is_in_reach and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        roles = form.cleaned_data.pop("groups", None)
        form._save_m2m = lambda: None
        super().save_related(request, form, formsets, change)
        try:
            chosen = roles if roles is not None else [group_for(MEMBER)]
            members.set_roles(actor=request.user, user=form.instance, roles=chosen)
        except DomainError as error:
            self.message_user(request, str(error.message), messages.ERROR)

    @admin.action(description=_("Suspend"), permissions=("change",))
    def suspend(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, members.suspend)

    @admin.action(description=_("Let in again"), permissions=("change",))
    def restore(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, members.restore)

    def _each(self, request: HttpRequest, queryset: QuerySet[User], change: Any) -> None:
        for user in queryset:
            try:
                change(actor=request.user, user=user)
            except DomainError as error:
                self.message_user(request, f"{user}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, str(user), messages.SUCCESS)


@admin.register(Group)
class RoleAdmin(AuditedAdmin, GroupAdmin):
    """Custom roles are made here; the system's own stand fast."""

    list_display = ("name", "role")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).select_related("role")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_system = obj is not None and bool(getattr(getattr(obj, "role", None), "key", ""))
        return not is_system and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj) and super().has_delete_permission(request, obj)


@admin.register(Invitation)
class InvitationAdmin(AuditedAdmin):
    list_display = ("email", "invited_by", "created_at", "expires_at", "accepted_at")
    list_filter = ("created_at", "accepted_at")
    search_fields = ("email",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(AuditedAdmin):
    list_display = ("name", "prefix", "account", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at", "expires_at")
    search_fields = ("name", "prefix", "account__name")
    actions = ("revoke",)
    exclude = ("digest",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description=_("Revoke"), permissions=("view",))
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            try:
                keys.revoke_key(actor=request.user, key=key)
            except DomainError as error:
                self.message_user(request, f"{key}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, str(key), messages.SUCCESS)
