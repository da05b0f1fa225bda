"""Messages to people, as text and HTML, in their language."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from apps.accounts.models import AccessRequest, Invitation, User
from apps.core.tenancy import current_tenant, public_context
from apps.tenants.hosts import address_of
from apps.tenants.models import Domain


def send(name: str, *, to: str, language: str, **context: Any) -> None:
    """Render `account/email/<name>_{subject.txt,message.txt,message.html}` and send it."""
    context |= {"tenant": current_tenant()}
    with translation.override(language or None):
        subject = " ".join(render_to_string(f"account/email/{name}_subject.txt", context).split())
        text = render_to_string(f"account/email/{name}_message.txt", context)
        html = render_to_string(f"account/email/{name}_message.html", context)
    message = EmailMultiAlternatives(subject, text, to=[to])
    message.attach_alternative(html, "text/html")
    message.send()


def send_welcome(user: User) -> None:
    """Tell a person that their account is ready, with a link (one use, 3 days) to set a password."""
    key = default_token_generator.make_token(user)
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": key},
        urlconf=settings.ROOT_URLCONF,
    )
    send("welcome", to=user.email, language=user.language, user=user, url=address_here(path))


def send_invitation(invitation: Invitation, token: str) -> None:
    """Send the link that accepts an invitation."""
    path = reverse("invitation", args=[token], urlconf=settings.ROOT_URLCONF)
    inviter = invitation.invited_by
    language = inviter.language if inviter else ""
    context = {"invitation": invitation, "inviter": inviter, "url": address_here(path)}
    send("invitation", to=invitation.email, language=language, **context)


def send_access_request(asked: AccessRequest, giver: User) -> None:
    """Tell somebody who gives access what somebody else misses."""
    context = {"asked": asked, "page": address_here(asked.path), "url": address_here("/members/requests/")}
    send("access_request", to=giver.email, language=giver.language, **context)


def send_access_answer(asked: AccessRequest) -> None:
    """Tell who asked for access what came of it."""
    person = asked.asked_by
    send("access_answer", to=person.email, language=person.language, asked=asked, url=address_here(asked.path))


def address_here(path: str) -> str:
    """Return the full address of a page of the active tenant."""
    tenant = current_tenant()
    with public_context():
        host = Domain.objects.filter(tenant_id=tenant.id, is_primary=True).values_list("domain", flat=True).get()
    return address_of(host, path)
