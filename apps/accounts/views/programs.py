"""OAuth 2.1 for programs: where they find out how to be let in, register themselves, are let in by a person, and get their tokens."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Client
from allauth.idp.oidc.views import AuthorizationView, TokenView
from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import Program
from apps.accounts.scopes import PROGRAM_PATH, PROGRAM_SCOPES
from apps.accounts.services import programs
from apps.core.errors import InvalidInput
from apps.core.models import is_storable

View = Callable[..., HttpResponse]


def while_let_in(view: View) -> View:
    """Make a view answer 404 where no programs are let in, and 400 to what cannot be stored."""

    @wraps(view)
    def asked(request: HttpRequest) -> HttpResponse:
        if not programs.are_let_in():
            raise Http404
        body = _json(request)  # before request.POST, which would leave no body for who reads that next
        if not is_storable([request.GET, request.POST, body]):
            raise BadRequest
        return view(request)

    return asked


def _json(request: HttpRequest) -> Any:
    body = request.body
    try:
        return orjson.loads(body) if request.content_type == "application/json" else None
    except orjson.JSONDecodeError:
        return None


@require_GET
@login_not_required
def resource(request: HttpRequest) -> JsonResponse:
    """Say who gives tokens for the address at which programs work (RFC 9728)."""
    return _for_everybody(
        {
            "resource": request.build_absolute_uri(PROGRAM_PATH),
            "authorization_servers": [get_adapter().get_issuer()],
            "scopes_supported": list(PROGRAM_SCOPES),
            "bearer_methods_supported": ["header"],
        }
    )


@require_GET
@login_not_required
def server(request: HttpRequest) -> JsonResponse:
    """Say where tokens are asked for, and how (RFC 8414)."""
    addresses = {
        "authorization_endpoint": "oauth-authorize",
        "token_endpoint": "oauth-token",
        "revocation_endpoint": "oauth-revoke",
        "registration_endpoint": "oauth-register",
    }
    return _for_everybody(
        {
            "issuer": get_adapter().get_issuer(),
            **{name: request.build_absolute_uri(reverse(to)) for name, to in addresses.items()},
            "scopes_supported": list(PROGRAM_SCOPES),
            "response_types_supported": [Client.ResponseType.CODE],
            "grant_types_supported": [Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN],
            "token_endpoint_auth_methods_supported": Client.AuthenticationMethod.values,
            "code_challenge_methods_supported": ["S256"],
        }
    )


def _for_everybody(told: dict[str, Any]) -> JsonResponse:
    return JsonResponse(told, headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "max-age=300"})


class Authorize(AuthorizationView):
    """GET asks a person whether a program may come in, POST takes their answer and leads back to the program."""

    http_method_names = ("get", "post")
    template_name = "accounts/program_consent.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "none" in request.GET.get("prompt", "").split():  # allauth would answer by what was given to another program
            raise BadRequest
        if request.GET.get("code_challenge_method") != "S256" or not request.GET.get("code_challenge"):
            raise BadRequest
        if "redirect_uri" in request.GET:
            try:
                programs.check_address(request.GET["redirect_uri"])  # it is named in the page's policy
            except InvalidInput as error:
                raise BadRequest from error
        response = super().get(request, *args, **kwargs)
        if response.status_code == 200 and not hasattr(self, "_answers_to"):
            response.status_code = 400  # allauth's page of what is wrong with the request
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.POST.get("request"):
            raise BadRequest
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        client = get_object_or_404(Client, pk=self._request_info["client_id"])
        programs.let_in(actor=self.request.user, client=client, scopes=form.cleaned_data["scopes"])
        return super().form_valid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self._answers_to = urlsplit(self._request_info["redirect_uri"])
        is_here = self._answers_to.hostname in programs.LOOPBACK or self._answers_to.scheme not in ("http", "https")
        return super().get_context_data(**kwargs) | {"answers_to": self._answers_to, "is_here": is_here}

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Let the form lead to where the program waits: browsers hold an answer's redirect to the policy of the form."""
        response = super().render_to_response(context, **kwargs)
        place = self._answers_to
        origin = f"{place.scheme}://{place.netloc}" if place.scheme in ("http", "https") else f"{place.scheme}:"
        policy = csp_update({"form-action": [origin]})
        return policy(lambda request: response)(self.request)


class Tokens(TokenView):
    """Trades codes, and tokens that renew, for tokens."""

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            return super().post(request)
        except ValidationError as error:  # of the resource, which allauth looks for in the page of consent alone
            return JsonResponse({"error": "invalid_target", "error_description": " ".join(error.messages)}, status=400)


@require_POST
def program_put_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    program = get_object_or_404(Program.objects.visible_to(request.user), pk=pk)
    programs.put_out(actor=request.user, program=program)
    messages.success(request, _("“%(name)s” is out.") % {"name": program.name})
    return redirect("keys")
