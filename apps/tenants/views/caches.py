"""The page of what is kept in caches for the organisation: how often it helps, and a way to have all of it read anew."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.caches import DISK, MEMORY, REDIS
from apps.core.permissions import require
from apps.tenants import services


@require_http_methods(["GET", "POST"])
def cache_list(request: HttpRequest) -> HttpResponse:
    """GET shows each cache with its hit rate; POST empties the one named `cache`, or all."""
    require(request.user, "accounts.manage_settings")
    if request.method == "POST":
        services.empty_caches(actor=request.user, name=request.POST.get("cache", ""))
        messages.success(request, _("It is read anew from now on."))
        return redirect("caches")
    words = {MEMORY: _("memory"), REDIS: _("Redis"), DISK: _("disk")}
    rows = [
        {"rates": rates, "levels": [(words[level.alias], rates.hits[level.alias]) for level in rates.cache.levels]}
        for rates in services.cache_rates(actor=request.user)
    ]
    return render(request, "tenants/caches.html", {"rows": rows})
