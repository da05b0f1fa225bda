"""Signing in by API: tokens in, tokens out."""

from dataclasses import dataclass

from allauth.core import ratelimit
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework_simplejwt.exceptions import TokenError

from apps.accounts import actions
from apps.accounts.models import TokenFamily, User
from apps.accounts.services.security import has_second_factor, is_code_right, is_second_factor_wanted
from apps.accounts.tokens import RefreshToken, family_of_spent, live_family
from apps.audit.services.trail import record
from apps.core.errors import DomainError, TooManyRequests


class NotSignedIn(DomainError):
    status = 401
    code = "not_signed_in"


@dataclass(frozen=True)
class TokenPair:
    """An access token (15 minutes) and a refresh token (14 days, one use)."""

    access: str
    refresh: str
    user: User


def sign_in_for_tokens(*, request: HttpRequest, email: str, password: str, code: str = "") -> TokenPair:
    """Check a password, and the code of a second factor where there is one, and issue tokens.

    Raises NotSignedIn (`mfa_required` when only the code is missing), TooManyRequests after five failures in five minutes.
    """
    if not ratelimit.consume(request, action="login_failed", key=email.lower(), dry_run=True):
        raise TooManyRequests(_("Too many failed attempts. Try again in five minutes."), retry_after_s=300)
    user = authenticate(request, email=email, password=password)
    if not isinstance(user, User):
        ratelimit.consume(request, action="login_failed", key=email.lower())
        raise NotSignedIn(_("E-mail or password is not right."))
    _check_factor(request, user, code)
    user_logged_in.send(sender=User, request=request, user=user)
    family = TokenFamily.objects.create(user=user, has_second_factor=has_second_factor(user))
    return _pair(RefreshToken.for_user(user, family), user)


def _check_factor(request: HttpRequest, user: User, code: str) -> None:
    if not has_second_factor(user):
        if is_second_factor_wanted():
            raise NotSignedIn(
                _("Your organisation asks for a second factor. Add one in the browser."), code="mfa_missing"
            )
        return
    if not code:
        raise NotSignedIn(_("A code of your second factor is needed as well."), code="mfa_required")
    if not is_code_right(user, code):
        ratelimit.consume(request, action="login_failed", key=user.email.lower())
        raise NotSignedIn(_("This code is not right."), code="mfa_code_wrong")


def refresh_tokens(*, refresh: str) -> TokenPair:
    """Trade a refresh token for a new pair; the old one is spent.

    Raises NotSignedIn. One that was spent already was copied by somebody: its whole family ends (RFC 9700, 4.14.2).
    """
    token, family = _opened(refresh)
    token.blacklist()
    return _pair(RefreshToken.for_user(family.user, family), family.user)


def _opened(refresh: str) -> tuple[RefreshToken, TokenFamily]:
    try:
        token = RefreshToken(refresh)  # type: ignore[arg-type]
    except TokenError as error:
        copied = family_of_spent(refresh)
        if copied is not None and copied.revoked_at is None:
            end_family(copied)
            record(actions.TOKEN_REUSED, actor=copied.user, target=copied.user)
        raise NotSignedIn(_("The refresh token is not valid here, or was used already.")) from error
    family = live_family(token.payload)
    if family is None:
        raise NotSignedIn(_("The refresh token is not valid here, or was used already."))
    return token, family


def end_family(family: TokenFamily) -> None:
    """End every token that came from one sign-in."""
    TokenFamily.objects.filter(pk=family.pk, revoked_at=None).update(revoked_at=timezone.now())


def sign_out(*, request: HttpRequest, refresh: str) -> None:
    """End every token of a sign-in. Raises NotSignedIn when the refresh token is none of this tenant's."""
    token, family = _opened(refresh)
    token.blacklist()
    end_family(family)
    user_logged_out.send(sender=User, request=request, user=family.user)


def _pair(refresh: RefreshToken, user: User) -> TokenPair:
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh), user=user)
