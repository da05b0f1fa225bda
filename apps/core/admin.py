"""The platform's own administration, for operators (tenants have Django's default site), and pages that only show."""

from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.tenancy import has_tenant


class PlatformSite(AdminSite):
    """Serves the public schema alone: organisations, domains, jobs and operators, never a tenant's content."""

    site_title = site_header = _("Platform")
    index_title = _("Operation")

    def has_permission(self, request: HttpRequest) -> bool:
        return not has_tenant() and super().has_permission(request)


platform_site = PlatformSite(name="platform")


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows that come about elsewhere."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
