"""What the app writes to people about their accounts and access."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from apps.accounts.models import AccessRequest, Invitation, User
from apps.core.tenancy import current_tenant
from apps.mails.services import send


def send_welcome(user: User) -> None:
    """Tell a person that their account is ready, with a link (one use, 3 days) to set a password."""
    key = default_token_generator.make_token(user)
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": key},
        urlconf=settings.ROOT_URLCONF,
    )
    send("account/email/welcome", to=user.email, language=user.language, user=user, url=current_tenant().address(path))


def send_invitation(invitation: Invitation, token: str) -> None:
    """Send the link that accepts an invitation."""
    path = reverse("invitation", args=[token], urlconf=settings.ROOT_URLCONF)
    inviter = invitation.invited_by
    language = inviter.language if inviter else ""
    context = {"invitation": invitation, "inviter": inviter, "url": current_tenant().address(path)}
    send("account/email/invitation", to=invitation.email, language=language, **context)


def send_access_request(asked: AccessRequest, giver: User) -> None:
    """Tell somebody who gives access what somebody else misses."""
    context = {
        "asked": asked,
        "page": current_tenant().address(asked.path),
        "url": current_tenant().address("/members/requests/"),
    }
    send("account/email/access_request", to=giver.email, language=giver.language, **context)


def send_access_answer(asked: AccessRequest) -> None:
    """Tell who asked for access what came of it."""
    person = asked.asked_by
    send(
        "account/email/access_answer",
        to=person.email,
        language=person.language,
        asked=asked,
        url=current_tenant().address(asked.path),
    )


def send_unusual_sign_in(user: User, address: str) -> None:
    """Tell somebody that their account was used from a network that is new for them."""
    context = {"user": user, "address": address, "url": current_tenant().address("/account/")}
    send("account/email/unusual_sign_in", to=user.email, language=user.language, **context)
