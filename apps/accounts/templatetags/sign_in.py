"""The buttons of single sign-on."""

from typing import Any

from django import template
from django.urls import reverse

from apps.accounts.models import IdentityProvider
from apps.accounts.services import single_sign_on
from apps.core.tenancy import has_tenant

register = template.Library()


@register.simple_tag
def sso_buttons() -> list[dict[str, Any]]:
    """Return the name and address of each way to sign in through somebody else; none on the platform's own pages."""
    if not has_tenant():
        return []
    return [{"name": row.name, "url": login_address(row)} for row in single_sign_on.active_providers()]


@register.simple_tag
def is_sso_only() -> bool:
    return has_tenant() and single_sign_on.is_sso_only()


def login_address(row: IdentityProvider) -> str:
    if row.kind == IdentityProvider.Kind.SAML:
        return reverse("saml_login", args=[row.key])
    if row.kind == IdentityProvider.Kind.GITHUB:
        return reverse("github_login")
    return reverse("openid_connect_login", args=[row.key])
