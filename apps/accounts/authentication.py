"""Who stands behind an API request, how far their key reaches, and how often they may ask."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import get_authorization_header
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.utils import get_md5_hash_password

from apps.accounts.models import ApiKey, Program, User
from apps.accounts.scopes import PROGRAM_PATH, reaches
from apps.accounts.services.keys import BEGINNING, find_key
from apps.accounts.services.programs import find_program
from apps.accounts.signing import NotSigned, verify
from apps.accounts.tokens import AccessToken, live_family
from apps.core.caller import Caller, set_caller
from apps.core.limits import Limit, Usage, client_address, count, refuse
from apps.core.tenancy import has_tenant
from apps.tenants.plans import allowance

REVOKE_CLAIM = api_settings.REVOKE_TOKEN_CLAIM


class BearerAuthentication(JWTAuthentication):
    """`Authorization: Bearer` with an access token, an API key or what a program was given, valid in the tenant that issued it."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        raw = get_authorization_header(request).partition(b" ")[2].strip()
        if has_tenant() and raw.startswith(BEGINNING.encode()):
            return self._by_key(request, raw.decode("latin-1"))
        self.address = client_address(request._request)
        if has_tenant() and raw and b"." not in raw:  # signed tokens have dots
            return self._by_program(raw.decode("latin-1"))
        return super().authenticate(request)  # type: ignore[return-value]

    def _by_key(self, request: Request, text: str) -> tuple[User, ApiKey]:
        key = find_key(text, client_address(request._request))
        if key is None:
            raise AuthenticationFailed("The API key is not valid here.")
        if key.must_sign:
            try:
                verify(request._request, key.prefix)
            except NotSigned as error:
                raise AuthenticationFailed(str(error)) from error
        set_caller(Caller(client_address(request._request), through=f"key:{key}"))
        return key.account, key

    def _by_program(self, text: str) -> tuple[User, Program]:
        found = find_program(text, self.address)
        if found is None:
            raise InvalidToken("The access token is not valid here, or has expired.")
        program, person = found
        set_caller(Caller(self.address, through=f"program:{program.name}"))
        return person, program

    def get_validated_token(self, raw_token: bytes) -> AccessToken:
        try:
            return AccessToken(raw_token)  # type: ignore[arg-type]
        except TokenError as error:
            raise InvalidToken("The access token is not valid here, or has expired.") from error

    def get_user(self, validated_token: Any) -> User:
        family = live_family(validated_token.payload)
        if family is None or validated_token.get(REVOKE_CLAIM) != get_md5_hash_password(family.user.password):
            raise InvalidToken("The access token is not valid here, or has expired.")
        set_caller(Caller(self.address, family.has_second_factor))
        return family.user


class KeyReaches(BasePermission):
    """An API key opens only what its scopes name, and a program that was let in only one address."""

    message = "The scopes of this API key do not reach here."

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, Program):
            return request.path_info == PROGRAM_PATH
        return not isinstance(request.auth, ApiKey) or reaches(
            request.auth.scopes, request.method or "", request.path_info
        )


def caller_of(request: HttpRequest, *, with_session: bool = False) -> User | None:
    """Return who makes a request that no view of REST framework takes, or None; `with_session` also by the cookie of a page.

    Raises AuthenticationFailed for a token that is not valid, PermissionDenied for a key that does not reach, TooManyRequests.
    """
    asked = Request(request)
    found = BearerAuthentication().authenticate(asked)
    if found:
        asked.user, asked.auth = found
        request.scopes = getattr(asked.auth, "scopes", None)  # type: ignore[attr-defined]
        if not KeyReaches().has_permission(asked, None):
            raise PermissionDenied(KeyReaches.message)
    user = found[0] if found else request.user if with_session else None
    if user is None or not (user.is_authenticated and user.is_active):
        return None
    if found:
        ApiLimits().allow_request(asked, None)
    return user  # type: ignore[return-value]


class ApiLimits(BaseThrottle):
    """Counts a request for its key or person, its address and the tenant; the tightest one goes into the headers."""

    def allow_request(self, request: Request, view: Any) -> bool:
        tightest: Usage | None = None
        for limit, who in self._counted(request):
            usage = count(limit, who)
            if tightest is None or usage.remaining < tightest.remaining:
                tightest = usage
        request._request.limit_usage = tightest  # type: ignore[attr-defined]
        if tightest is not None and tightest.remaining < 0:
            refuse(tightest)
        return True

    def _counted(self, request: Request) -> list[tuple[Limit, str]]:
        amounts = settings.RATE_LIMITS
        counted = [(Limit("address", amounts["address"], 60), client_address(request._request))]
        if has_tenant():
            allowed = allowance().requests_a_minute
            most = amounts["tenant"] if allowed is None else min(allowed, amounts["tenant"])
            counted.append((Limit("tenant", most, 60), "all"))
        if isinstance(request.auth, ApiKey | Program):
            counted.append((Limit("key", amounts["key"], 60), str(request.auth.pk)))
        elif request.user.is_authenticated:
            counted.append((Limit("user", amounts["user"], 60), str(request.user.pk)))
        return counted


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An access token, or an API key (`gh_…`)."}
