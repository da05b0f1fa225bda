"""Writing to people, as text and HTML, in their language."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from apps.core.tenancy import current_tenant


def send(name: str, *, to: str, language: str, **context: Any) -> None:
    """Render `<name>_{subject.txt,message.txt,message.html}` and send it; the context has `tenant` as well."""
    context |= {"tenant": current_tenant()}
    with translation.override(language or settings.LANGUAGE_CODE):
        subject = " ".join(render_to_string(f"{name}_subject.txt", context).split())
        text = render_to_string(f"{name}_message.txt", context)
        html = render_to_string(f"{name}_message.html", context)
    message = EmailMultiAlternatives(subject, text, to=[to])
    message.attach_alternative(html, "text/html")
    message.send()
