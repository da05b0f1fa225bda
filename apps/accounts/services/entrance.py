"""Coming in without an account or password: joining by a link, setting a new password by a link."""

from allauth.account.forms import ResetPasswordForm, ResetPasswordKeyForm, UserTokenForm
from allauth.account.signals import password_reset
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import members
from apps.accounts.services.single_sign_on import is_sso_only
from apps.core.errors import Forbidden, InvalidInput, NotFound
from apps.core.limits import Limit, client_address, spend

JOIN_TRIES = Limit("join", amount=30, per_s=600)
RESET_TRIES = Limit("reset", amount=20, per_s=600)


def ask_to_join(*, address: str, email: str) -> None:
    """Send a link to somebody whose domain may join by itself. Raises InvalidInput, Forbidden, TooManyRequests."""
    _require_passwords()
    spend(JOIN_TRIES, address)
    members.invite_oneself(email=email)


def join(*, address: str, token: str, name: str, password: str) -> User:
    """Make the account that a link offers. Raises NotFound, InvalidInput, Forbidden; tries that open nothing are counted."""
    _require_passwords()
    try:
        return members.accept_invitation(token=token, name=name, password=password, language=get_language() or "")
    except NotFound:
        spend(JOIN_TRIES, address)
        raise


def ask_for_reset(*, request: HttpRequest, email: str) -> None:
    """Send a link that sets a new password; to an address without an account a message that says so. Raises Forbidden."""
    _require_passwords()
    spend(RESET_TRIES, client_address(request))
    spend(RESET_TRIES, email.lower())
    form = ResetPasswordForm({"email": email})
    if form.is_valid():
        form.save(request)


def reset_password(*, request: HttpRequest, uid: str, key: str, password: str) -> None:
    """Set a new password with what stands in a link, once. Raises NotFound, InvalidInput for a weak one, Forbidden."""
    _require_passwords()
    link = UserTokenForm({"uidb36": uid, "key": key})
    if not link.is_valid():
        spend(RESET_TRIES, client_address(request))
        raise NotFound(_("This link was used or has run out. Ask for a new one."))
    form = ResetPasswordKeyForm({"password1": password, "password2": password}, user=link.reset_user, temp_key=key)
    if not form.is_valid():
        raise InvalidInput(" ".join(next(iter(form.errors.values()))), field="password")
    form.save()
    password_reset.send(sender=User, request=request, user=link.reset_user)


def _require_passwords() -> None:
    if is_sso_only():
        raise Forbidden(_("Your organisation signs in through single sign-on alone."), code="sso_only")
