"""Error pages that belong to no app."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core import markdown
from apps.core.caller import correlation_id
from apps.core.errors import DomainError
from apps.core.problems import PROBLEMS
from apps.core.refusals import refusal_at
from apps.core.storage import DiskIsFull

FAULT = "Something went wrong here. Try again; if it happens again, give whoever runs this the id."
CODES = {400: "bad_request", 403: "forbidden", 404: "not_found", 413: "too_large", 503: "unavailable"}


@login_not_required
def sign_in_by_page(request: HttpRequest) -> HttpResponse:
    """Stands in for the administration's own sign-in, which knows neither second factors nor limits: lead to the site's."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next") or request.path_info.removesuffix("login/"))


def problem_page(request: HttpRequest, *, status: int, title: str) -> HttpResponse:
    """Render the shared error page with a sentence that says what to do; API clients get it as a problem detail."""
    if told := refusal_at(request.path, status=status, code=CODES[status], words=title):
        return HttpResponse(told[1], status=status, content_type=told[0])
    error = DomainError(title)
    error.status = status
    return render(request, "errors/problem.html", {"error": error}, status=status)


@login_not_required
@require_GET
def problems(request: HttpRequest) -> HttpResponse:
    """Say of each code of the API's errors what it means; their `type` leads here."""
    rows = [
        {"code": code, "status": status, "words": markdown.render(str(words))}
        for code, (status, words) in sorted(PROBLEMS.items())
    ]
    return render(request, "errors/problems.html", {"rows": rows})


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for a fault of ours without touching database, cache or session; the id finds it in the logs."""
    if told := refusal_at(request.path, status=500, code="fault", words=FAULT):
        return HttpResponse(told[1], status=500, content_type=told[0])
    return HttpResponse(render_to_string("errors/500.html", {"words": FAULT, "id": correlation_id()}), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return problem_page(request, status=403, title=_("This form is out of date. Reload the page and send it again."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return problem_page(request, status=404, title=_("There is nothing at this address, or you may not see it."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return problem_page(request, status=403, title=_("You may not do this. Your administrator can give you access."))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return problem_page(
            request, status=413, title=_("That was more than a form may carry. Upload long text as a document.")
        )
    if isinstance(exception, DiskIsFull):
        title = _("The disk is full. Your administrator has to make room.")
        response = problem_page(request, status=503, title=title)
        response["Retry-After"] = "600"
        return response
    return problem_page(request, status=400, title=_("The request could not be read. Go back and try again."))
