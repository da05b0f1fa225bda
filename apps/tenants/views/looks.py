"""The looks of an organisation: the page on which they are chosen, and what pages load of them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.colours import LEAST, STANDARD, WHITE, contrast, is_colour
from apps.core.errors import InvalidInput
from apps.core.permissions import require
from apps.core.tenancy import current_tenant
from apps.tenants import services
from apps.tenants.forms import LooksForm
from apps.tenants.looks import stylesheet

FOREVER = "public, max-age=31536000, immutable"


@require_http_methods(["GET", "POST"])
def looks(request: HttpRequest) -> HttpResponse:
    """GET shows how the organisation looks; POST stores it, with `reset` the standard colour, with `remove` no logo."""
    require(request.user, "accounts.manage_settings")
    tenant = current_tenant()
    if request.method == "GET":
        form = LooksForm(initial={"accent": tenant.accent or STANDARD, "mail_sender": tenant.mail_sender})
        return _shown(request, form)
    form = LooksForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, form, 422)
    try:
        services.change_looks(actor=request.user, **form.changes(request.POST))
    except InvalidInput as error:
        form.add_error(error.field, str(error.message))
        return _shown(request, form, 422)
    messages.success(request, _("Everybody sees it so from now on."))
    return redirect("looks")


def _shown(request: HttpRequest, form: LooksForm, status: int = 200) -> HttpResponse:
    return render(request, "tenants/looks.html", {"form": form}, status=status)


@login_not_required
@require_GET
def accent_css(request: HttpRequest, accent: str) -> HttpResponse:
    """The style of a colour, which is in the address: it never changes."""
    colour = f"#{accent}"
    if not is_colour(colour) or contrast(colour, WHITE) < LEAST:
        raise Http404
    return HttpResponse(stylesheet(colour), content_type="text/css", headers={"Cache-Control": FOREVER})


@login_not_required
@require_GET
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """The organisation's logo, whose digest is in the address."""
    image = services.logo_of(digest)
    if image is None:
        raise Http404
    return HttpResponse(image, content_type="image/png", headers={"Cache-Control": FOREVER})
