"""While somebody is here: their time zone, and the end of a session that nobody uses."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.core.tenancy import has_tenant

TOUCH_EVERY_S = 60


class PresenceMiddleware:
    """Shows times in the person's zone; moves the end of their session on, at most once a minute."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        _touch(request)
        with timezone.override(user.time_zone):
            return self.get_response(request)


def _touch(request: HttpRequest) -> None:
    now = time.time()
    if has_tenant() and now - request.session.get("seen", 0) > TOUCH_EVERY_S:
        request.session["seen"] = now
        request.session.set_expiry(settings.SESSION_IDLE_S)
