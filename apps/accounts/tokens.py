"""The tenant-bound JSON Web Tokens of API clients.

Each tenant has a signing key of its own, derived from SECRET_KEY, and is named in `iss` and `aud`: a token of one
tenant is not even a valid signature in another (RFC 7519, section 4.1).
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

from apps.accounts.models import TokenFamily
from apps.core.models import is_uuid
from apps.core.tenancy import current_tenant, has_tenant, scoped


def _backend() -> TokenBackend:
    """The active tenant's own; operators of the platform have one of theirs."""
    realm, name = ("guildhall:public:jwt", "guildhall:platform")
    if has_tenant():
        tenant = current_tenant()
        realm, name = scoped("jwt", tenant.id), f"guildhall:{tenant.id}"
    key = hmac.digest(settings.SECRET_KEY.encode(), realm.encode(), hashlib.sha256).hex()
    return TokenBackend("HS256", signing_key=key, issuer=name, audience=name)


FAMILY = "fam"


class AccessToken(tokens.AccessToken):
    @property
    def token_backend(self) -> TokenBackend:
        return _backend()


class RefreshToken(tokens.RefreshToken):
    """Belongs to a family, which it names in `fam`; so do the access tokens made of it."""

    access_token_class = AccessToken

    @property
    def token_backend(self) -> TokenBackend:
        return _backend()

    @classmethod
    def for_user(cls, user: Any, family: TokenFamily | None = None) -> "RefreshToken":
        token = super().for_user(user)
        token[FAMILY] = str((family or TokenFamily.objects.create(user=user)).pk)
        return token


def live_family(payload: Mapping[str, Any]) -> TokenFamily | None:
    """Return the family that a token names, with its user, while both may come in."""
    found = TokenFamily.objects.select_related("user").filter(revoked_at=None, user__is_active=True)
    family, user = str(payload.get(FAMILY, "")), str(payload.get("user_id", ""))
    return found.filter(pk=family, user_id=user).first() if is_uuid(family) and is_uuid(user) else None


def family_of_spent(raw: str) -> TokenFamily | None:
    """Return the family of a refresh token that is ours, in time and spent already; None for anything else."""
    try:
        payload = _backend().decode(raw)
    except TokenBackendError:
        return None
    is_spent = BlacklistedToken.objects.filter(token__jti=payload.get("jti", "")).exists()
    return TokenFamily.objects.filter(pk=payload.get(FAMILY)).first() if is_spent else None
