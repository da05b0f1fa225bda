"""One's own account: profile, preferences, sessions."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.forms import ProfileForm
from apps.accounts.models import User
from apps.accounts.services import security

YEAR_S = 365 * 24 * 3600


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """GET shows everything about one's own account; POST stores name, language, time zone, theme."""
    user: Any = request.user
    initial = {field: getattr(user, field) for field in security.PROFILE}
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        security.change_profile(user=user, **form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        response = redirect("profile")
        _remember(response, language=form.cleaned_data["language"], theme=form.cleaned_data["theme"])
        return response
    context = {"form": form, "sessions": security.sessions_of(user), "has_second": security.has_second_factor(user)}
    return render(request, "accounts/profile.html", context, status=422 if form.errors else 200)


@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """Sign out in one browser (`session`), or in all but this one."""
    user: Any = request.user
    others = [session for session in security.sessions_of(user) if not session.is_current()]
    chosen = request.POST.get("session", "")
    if chosen:
        others = [session for session in others if str(session.pk) == chosen]
    security.end_sessions(user=user, sessions=others)
    messages.success(request, _("Signed out there."))
    return redirect("profile")


@login_not_required
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Set language and theme, in a cookie for this browser and in the account when there is one."""
    target = request.POST.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    response = redirect(target if is_safe else "/")
    known = {"language": dict(settings.LANGUAGES), "theme": User.Theme.values}
    changes = {key: request.POST[key] for key, values in known.items() if request.POST.get(key, "") in values}
    _remember(response, **changes)
    if changes and request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(**changes)
    return response


def _remember(response: HttpResponse, *, language: str = "", theme: str = "") -> None:
    for name, value in ((settings.LANGUAGE_COOKIE_NAME, language), ("theme", theme)):
        if value:
            response.set_cookie(name, value, max_age=YEAR_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
