"""While somebody is here: from where they ask, their time zone, the end of a session that nobody uses, the second factor that is asked for."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.services.security import (
    SUPPORT,
    has_come_by_single_sign_on,
    has_second_factor,
    has_used_second_factor,
    is_second_factor_wanted,
    keep_alive,
)
from apps.core.caller import Caller, calling
from apps.core.limits import client_address

# Support makes itself no way to stay, and does not take another name.
NOT_FOR_SUPPORT = ("/account/", "/accounts/2fa/", "/accounts/password/", "/keys/", "/oauth/")
OPEN_WITHOUT = ("/accounts/", "/preferences/", "/static/")


class PresenceMiddleware:
    """Shows times in the person's zone; moves the end of their session on; leads to a second factor that is required."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            with calling(Caller(client_address(request))):  # the API's authentication comes later
                return self.get_response(request)
        if user.operator_id is not None and request.path_info.startswith(NOT_FOR_SUPPORT):  # type: ignore[union-attr]
            raise PermissionDenied
        keep_alive(request.session)
        if _lacks_factor(request):
            messages.warning(request, _("Your organisation asks for a second factor. Add one to go on."))
            return redirect("mfa_index")
        caller = Caller(client_address(request), has_used_second_factor(request.session))
        with timezone.override(user.time_zone), calling(caller):
            return self.get_response(request)


def _lacks_factor(request: HttpRequest) -> bool:
    if request.path_info.startswith(OPEN_WITHOUT) or not is_second_factor_wanted():
        return False
    if has_come_by_single_sign_on(request.session):  # the provider asks for what the organisation wants there
        return False
    if SUPPORT in request.session:  # an operator proved who they are on the platform's site
        return False
    return not has_second_factor(request.user)  # type: ignore[arg-type]
