"""Signing in by API: tokens in, tokens out."""

from dataclasses import dataclass

from allauth.core import ratelimit
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework_simplejwt.exceptions import TokenError

from apps.accounts.models import User
from apps.accounts.tokens import RefreshToken
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


def sign_in_for_tokens(*, request: HttpRequest, email: str, password: str) -> TokenPair:
    """Check a password and issue tokens. Raises NotSignedIn, and TooManyRequests after five failures in five minutes."""
    if not ratelimit.consume(request, action="login_failed", key=email.lower(), dry_run=True):
        raise TooManyRequests(_("Too many failed attempts. Try again in five minutes."), retry_after_s=300)
    user = authenticate(request, email=email, password=password)
    if not isinstance(user, User):
        ratelimit.consume(request, action="login_failed", key=email.lower())
        raise NotSignedIn(_("E-mail or password is not right."))
    user_logged_in.send(sender=User, request=request, user=user)
    return _pair(RefreshToken.for_user(user), user)


def refresh_tokens(*, refresh: str) -> TokenPair:
    """Trade a refresh token for a new pair; the old one is spent. Raises NotSignedIn."""
    try:
        token = RefreshToken(refresh)  # type: ignore[arg-type]
        user = User.objects.get(pk=token["user_id"], is_active=True)
    except (TokenError, User.DoesNotExist, KeyError) as error:
        raise NotSignedIn(_("The refresh token is not valid here, or was used already.")) from error
    token.blacklist()
    return _pair(RefreshToken.for_user(user), user)


def sign_out(*, request: HttpRequest, refresh: str) -> None:
    """Spend a refresh token. Raises NotSignedIn when it is none of this tenant's."""
    pair = refresh_tokens(refresh=refresh)
    RefreshToken(pair.refresh).blacklist()  # type: ignore[arg-type]
    user_logged_out.send(sender=User, request=request, user=pair.user)


def _pair(refresh: RefreshToken, user: User) -> TokenPair:
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh), user=user)
