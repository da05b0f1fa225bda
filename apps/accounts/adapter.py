"""allauth's questions, answered for Guildhall."""

import secrets
from functools import partial
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from apps.accounts.models import IdentityProvider
from apps.accounts.scopes import PROGRAM_PATH, PROGRAM_SCOPES
from apps.accounts.services import programs, security, single_sign_on
from apps.accounts.services.single_sign_on import Assertion
from apps.core import credentials
from apps.core.errors import DomainError, Forbidden
from apps.core.http import check_destination
from apps.core.tenancy import current_tenant, has_tenant

TIMEOUT_S = 10


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up without an invitation."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Operators go to what they look after."""
        return super().get_login_redirect_url(request) if has_tenant() else reverse("operations")

    def pre_login(self, request: HttpRequest, user: Any, *, signal_kwargs: Any, **kwargs: Any) -> HttpResponse | None:
        """Whatever proves who somebody is, it must be single sign-on where that is the only way in."""
        if user.operator_id is not None:  # support comes in by a ticket alone
            return redirect("account_login")
        is_single = bool(signal_kwargs and "sociallogin" in signal_kwargs)
        if has_tenant() and not is_single and single_sign_on.is_sso_only():
            messages.error(request, _("Your organisation signs in through single sign-on alone."))
            return redirect("account_login")
        return super().pre_login(request, user, signal_kwargs=signal_kwargs, **kwargs)


class GuardedHTTPAdapter(HTTPAdapter):
    """Sends to public addresses and the private hosts that the operator allows, redirects included."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        check_destination(request.url or "", settings.PROVIDER_PRIVATE_HOSTS)
        return super().send(request, *args, **kwargs)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """The providers are the active tenant's rows; who comes in is decided by services/single_sign_on."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        if not has_tenant():
            return []
        apps = [single_sign_on.as_app(row) for row in single_sign_on.active_providers()]
        if provider:
            apps = [app for app in apps if provider in (app.provider, app.provider_id)]
        return [app for app in apps if app.client_id == client_id] if client_id else apps

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        try:
            return super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist as error:
            raise Http404 from error

    def get_requests_session(self) -> Session:
        session = Session()
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, GuardedHTTPAdapter())
        send = session.request
        session.request = partial(send, timeout=TIMEOUT_S)  # type: ignore[method-assign]
        return session

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Accounts are made by pre_social_login, or not at all."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let the person in whom the provider names, or say why not."""
        provider = sociallogin.provider.app.identity_provider
        linked = sociallogin.user if sociallogin.is_existing else None
        try:
            if sociallogin.state.get("process") == AuthProcess.CONNECT:
                raise Forbidden(_("Sign in through single sign-on instead."))
            user = single_sign_on.admit(provider=provider, assertion=_assertion(sociallogin, provider), linked=linked)
        except DomainError as error:
            page = render(request, "errors/problem.html", {"error": error}, status=error.status)
            raise ImmediateHttpResponse(page) from error
        if linked is None:
            sociallogin.connect(request, user)


def _assertion(sociallogin: SocialLogin, provider: IdentityProvider) -> Assertion:
    person, claims = sociallogin.user, _claims(sociallogin.account.extra_data)
    groups = claims.get(provider.group_claim) if provider.group_claim else ()
    return Assertion(
        email=(person.email or "").lower(),
        is_verified=_is_verified(sociallogin, claims),
        name=str(claims.get("name") or getattr(person, "name", "") or ""),
        groups=frozenset(map(str, groups if isinstance(groups, list | tuple) else [groups] if groups else [])),
    )


def _is_verified(sociallogin: SocialLogin, claims: dict[str, Any]) -> bool | None:
    if any(address.verified for address in sociallogin.email_addresses):
        return True
    return False if claims.get("email_verified") is False else None


def _claims(data: dict[str, Any]) -> dict[str, Any]:
    """Return what a provider said, in one level: OpenID Connect says it in the token and on asking, SAML in attributes."""
    return {**data, **(data.get("id_token") or {}), **(data.get("userinfo") or {})}


class ProgramAdapter(DefaultOIDCAdapter):
    """Programs that people let in: what they may ask for is in services/programs."""

    scope_display = PROGRAM_SCOPES

    def generate_client_secret(self) -> str:
        """Without the characters that some clients percent-encode in Basic authorization (RFC 6749, 2.3.1) and others do not."""
        return secrets.token_urlsafe(48)

    def validate_client_registration(self, *, client: Any, client_metadata: dict[str, Any], **kwargs: Any) -> None:
        try:
            programs.check_registration(client, client.get_redirect_uris())
        except DomainError as error:
            raise ValidationError(str(error.message)) from error
        client.data = None  # nothing of what it says of itself is needed, and it may be anything

    def validate_resource_uris(self, *, uris: list[str], **kwargs: Any) -> None:
        """A token is for the one address at which programs work (RFC 8707)."""
        if set(uris) - {self.request.build_absolute_uri(PROGRAM_PATH)}:
            raise ValidationError(_("Programs are let in at another address."))


class MFAAdapter(DefaultMFAAdapter):
    """Second factors carry the tenant's name, and their secrets lie encrypted under the tenant's key."""

    def get_totp_issuer(self) -> str:
        return current_tenant().name if has_tenant() else "Guildhall"

    def _get_site_name(self) -> str:
        return self.get_totp_issuer()

    def encrypt(self, text: str) -> str:
        return credentials.seal(text, **security.place_of_factors())

    def decrypt(self, encrypted_text: str) -> str:
        return credentials.unseal(encrypted_text, **security.place_of_factors())
