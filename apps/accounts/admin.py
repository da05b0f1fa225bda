"""People, roles and invitations in Django admin, under the same rules as on the pages."""

from typing import Any, ClassVar

import allauth.idp.oidc.admin
import allauth.socialaccount.admin  # noqa: F401  both register what is taken out below
from allauth.idp.oidc.models import Client, Token
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.events import rights_changed
from apps.accounts.grants import UserGrant
from apps.accounts.models import AccessRequest, ApiKey, IdentityProvider, Invitation, PeopleGroup, Program, User
from apps.accounts.roles import MEMBER, RIGHTS, group_for
from apps.accounts.services import groups, keys, members, programs
from apps.audit.admin import AuditedAdmin
from apps.core.admin import ReadOnlyAdmin, platform_site
from apps.core.errors import DomainError

admin.site.unregister(Group)
for model in (SocialAccount, SocialApp, SocialToken, Client, Token):  # no rows for people: they are made by signing in
    admin.site.unregister(model)


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
        """Whoever holds more rights than the administrator is out of reach, password and all; so is the platform's support."""
        is_in_reach = obj is None or all(members.may_grant(request.user, group) for group in obj.groups.all())
        return is_in_reach and getattr(obj, "operator_id", None) is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["queryset"] = Group.objects.exclude(role=None)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

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


class RoleAdminForm(forms.ModelForm):
    """A custom role by its rights; the service says what the administrator may put into it."""

    actor: Any = None
    rights = forms.MultipleChoiceField(
        label=_("Rights"), choices=tuple(RIGHTS.items()), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Group
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["rights"].initial = groups.rights_of(self.instance)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            standing = Group.objects.filter(pk=self.instance.pk).first()
            try:
                with transaction.atomic():
                    self.instance = groups.save_role(actor=self.actor, group=standing, **values)
            except DomainError as error:
                self.add_error(error.field or None, str(error.message))
        return values

    def save(self, commit: bool = True) -> Group:
        return self.instance

    def save_m2m(self) -> None:
        """Nothing is left to save."""


@admin.register(Group)
class RoleAdmin(AuditedAdmin):
    """Custom roles are made here; the system's own stand fast."""

    list_display = ("name", "role")
    search_fields = ("name",)
    fields = ("name", "rights")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).exclude(role=None).select_related("role")

    def get_form(self, request: HttpRequest, obj: Group | None = None, change: bool = False, **kwargs: Any) -> Any:
        return type("RoleAdminForm", (RoleAdminForm,), {"actor": request.user})

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        """The form has saved it."""

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        try:
            groups.remove_role(actor=request.user, group=obj)
        except DomainError as error:
            self.message_user(request, str(error.message), messages.ERROR)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        for group in queryset:
            self.delete_model(request, group)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.manage_roles")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_system = obj is not None and bool(getattr(getattr(obj, "role", None), "key", ""))
        return not is_system and request.user.has_perm("accounts.manage_roles")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


class PeopleGroupForm(forms.ModelForm):
    people = forms.ModelMultipleChoiceField(
        label=_("Members"), queryset=User.objects.filter(is_active=True), required=False
    )
    actor: Any = None

    class Meta:
        model = PeopleGroup
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["people"].initial = self.instance.user_set.all()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            standing = PeopleGroup.objects.filter(pk=self.instance.pk).first()
            try:
                saved = groups.save_group(
                    actor=self.actor, group=standing, name=values["name"], members=values["people"]
                )
            except DomainError as error:
                self.add_error(error.field or None, str(error.message))
            else:
                self.instance = PeopleGroup.objects.get(pk=saved.pk)
        return values

    def save(self, commit: bool = True) -> PeopleGroup:
        return self.instance

    def save_m2m(self) -> None:
        """Nothing is left to save."""


@admin.register(PeopleGroup)
class PeopleGroupAdmin(AuditedAdmin):
    """Groups of people to share with."""

    list_display = ("name",)
    search_fields = ("name",)
    fields = ("name", "people")
    filter_horizontal = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeopleGroup]:
        return super().get_queryset(request).filter(role=None)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return type("PeopleGroupForm", (PeopleGroupForm,), {"actor": request.user})

    def save_model(self, request: HttpRequest, obj: PeopleGroup, form: Any, change: bool) -> None:
        """The form has saved it."""

    def delete_model(self, request: HttpRequest, obj: PeopleGroup) -> None:
        groups.remove_group(actor=request.user, group=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PeopleGroup]) -> None:
        for group in queryset:
            self.delete_model(request, group)


@admin.register(AccessRequest)
class AccessRequestAdmin(ReadOnlyAdmin):
    list_display = ("path", "asked_by", "created_at", "answered_at", "answered_by", "is_granted")
    list_filter = ("is_granted", "created_at")
    search_fields = ("path", "note", "asked_by__name")


@admin.register(IdentityProvider)
class IdentityProviderAdmin(ReadOnlyAdmin):
    """Single sign-on, to read; it is set up on its page in the settings, which checks it."""

    list_display = ("name", "kind", "is_active", "created_at")
    list_filter = ("kind", "is_active")
    search_fields = ("name",)


class GrantInline(admin.TabularInline):
    """Who was given access, to read; it is given and taken on the object's page for sharing."""

    fields = ("permission", "expires_at", "addresses", "needs_second_factor", "granted_by")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        whose = "user" if issubclass(self.model, UserGrant) else "group"
        return (whose, *self.fields)

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True  # the object's own permission stands before it


def grant_inlines(model: Any) -> tuple[type[GrantInline], ...]:
    """Return the inlines that show the grants on objects of a Shared model."""
    relations = (model.user_grants, model.group_grants)
    return tuple(type("Inline", (GrantInline,), {"model": relation.rel.related_model}) for relation in relations)


@admin.register(Invitation)
class InvitationAdmin(AuditedAdmin):
    list_display = ("email", "invited_by", "created_at", "expires_at", "accepted_at")
    list_filter = ("created_at", "accepted_at")
    search_fields = ("email",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Program)
class ProgramAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "created_at", "last_used_at", "last_used_from")
    list_filter = ("created_at", "last_used_at")
    search_fields = ("name", "account__name")
    actions = ("put_out",)

    @admin.action(description=_("Put out"), permissions=("view",))
    def put_out(self, request: HttpRequest, queryset: QuerySet[Program]) -> None:
        for program in queryset:
            try:
                programs.put_out(actor=request.user, program=program)
            except DomainError as error:
                self.message_user(request, f"{program}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, str(program), messages.SUCCESS)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("name", "prefix", "account", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at", "expires_at")
    search_fields = ("name", "prefix", "account__name")
    actions = ("revoke",)
    exclude = ("digest",)

    @admin.action(description=_("Revoke"), permissions=("view",))
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            try:
                keys.revoke_key(actor=request.user, key=key)
            except DomainError as error:
                self.message_user(request, f"{key}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, str(key), messages.SUCCESS)
