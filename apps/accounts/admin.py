"""People in Django admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.admin import platform_site


@admin.register(User)
@admin.register(User, site=platform_site)
class PersonAdmin(UserAdmin):
    ordering = ("name",)
    list_display = ("name", "email", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "groups")
    search_fields = ("name", "email")
    readonly_fields = ("last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "email", "password")}),
        (_("Preferences"), {"fields": ("language", "time_zone", "theme")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("name", "email", "usable_password", "password1", "password2")}),
    )
