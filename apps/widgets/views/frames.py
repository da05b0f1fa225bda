"""What other sites load: the script that puts a button on their pages, and the chat in its frame. Neither knows cookies."""

from functools import cache
from pathlib import Path
from uuid import UUID

from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET

from apps.widgets.models import Widget
from apps.widgets.services.visits import find_widget

FOR_OTHERS = {"Cross-Origin-Resource-Policy": "cross-origin"}


@require_GET
@login_not_required
def script(request: HttpRequest) -> HttpResponse:
    """The script of every widget: what it shows stands on its element, and who may show it is up to the frame."""
    headers = {**FOR_OTHERS, "Cache-Control": "public, max-age=3600"}
    return HttpResponse(_script(), content_type="text/javascript; charset=utf-8", headers=headers)


@cache
def _script() -> bytes:
    return Path(str(finders.find("ui/embed.js"))).read_bytes()


@require_GET
@login_not_required
@xframe_options_exempt
def frame(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The chat, in a frame of the widget's sites alone. `lang` is the language of the page around it."""
    widget = find_widget(pk)
    language = request.GET.get("lang", "").partition("-")[0]
    if not translation.check_for_language(language):
        language = translation.get_language() or ""
    with translation.override(language):
        return csp_replace({"frame-ancestors": list(widget.origins)})(lambda asked: _page(asked, widget))(request)


def _page(request: HttpRequest, widget: Widget) -> HttpResponse:
    response = render(request, "widgets/frame.html", {"widget": widget, "agent": widget.agent})
    response["Cache-Control"] = "no-store"
    for name, value in FOR_OTHERS.items():
        response[name] = value
    return response
