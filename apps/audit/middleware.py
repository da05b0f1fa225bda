"""What is refused at the door is noticed: a person's rights, their pace, their credentials, addresses that are not there."""

from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import Error
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from apps.audit import actions
from apps.audit.actions import Action
from apps.audit.watch import notice
from apps.core.limits import Limit, client_address, count
from apps.core.tenancy import active_schema

log = structlog.get_logger(__name__)
MISSES = Limit("misses", amount=20, per_s=60)
SPACING_S = 1
KINDS = {401: actions.CREDENTIAL_REFUSED, 403: actions.REFUSED, 404: actions.PROBED, 429: actions.LIMITED}


class RefusalMiddleware:
    """Writes security events for answers of 401 (when a credential came with the request), 403, 429, and many of 404.

    Of one kind and person (or address) at most one a second is counted, so that a flood of refusals costs little.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        action = KINDS.get(response.status_code)
        if action is not None and active_schema() is not None:
            try:
                _notice(request, action)
            except (Error, RedisError) as error:  # the answer stands, whatever becomes of the note
                log.warning("refusal_not_noticed", error=str(error)[:200])
        return response


def _notice(request: HttpRequest, action: Action) -> None:
    who = request.user.pk or client_address(request)
    if _is_notable(request, action) and cache.add(f"noticed:{action.name}:{who}", 1, SPACING_S):
        notice(action, actor=request.user, details={"method": request.method, "path": request.path[:300]})


def _is_notable(request: HttpRequest, action: Action) -> bool:
    if action is actions.CREDENTIAL_REFUSED:
        return "Authorization" in request.headers
    if action is actions.PROBED:
        return request.user.is_authenticated and count(MISSES, str(request.user.pk)).remaining < 0
    return True
