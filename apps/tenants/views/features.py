"""The features of an organisation: what the platform offers, and who of its people has it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.permissions import require
from apps.tenants import rollout, services
from apps.tenants.flags import Flag, all_flags
from apps.tenants.forms import FeatureForm


@require_http_methods(["GET", "POST"])
def features(request: HttpRequest) -> HttpResponse:
    """GET shows every feature with who decided what; POST says who has the one named `flag`."""
    require(request.user, "accounts.manage_settings")
    if request.method == "GET":
        return render(request, "tenants/features.html", _context(request))
    flag = next((flag for flag in all_flags() if flag.key == request.POST.get("flag")), None)
    if flag is None:
        return redirect("features")
    form = FeatureForm(request.POST, roles=rollout.role_names())
    if not form.is_valid():
        return render(request, "tenants/features.html", _context(request, flag, form), status=422)
    services.choose_feature(actor=request.user, flag=flag, **form.cleaned_data)
    messages.success(request, _("“%(words)s” is saved.") % {"words": flag.words})
    return redirect("features")


def _context(request: HttpRequest, wrong: Flag | None = None, form: FeatureForm | None = None) -> dict[str, Any]:
    rows = []
    for flag in all_flags():
        decision = rollout.decide(flag, request.user)
        is_wrong = flag is wrong and form is not None
        rows.append({"flag": flag, "decision": decision, "form": form if is_wrong else None})
    groups = Group.objects.exclude(role=None).select_related("role").order_by("pk")
    return {"rows": rows, "roles": [(group.role.key or group.name, group) for group in groups]}  # type: ignore[attr-defined]
