"""The tenant-bound JSON Web Tokens of API clients.

Each tenant has a signing key of its own, derived from SECRET_KEY, and is named in `iss` and `aud`: a token of one
tenant is not even a valid signature in another (RFC 7519, section 4.1).
"""

import hashlib
import hmac

from django.conf import settings
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.backends import TokenBackend

from apps.core.tenancy import current_tenant, has_tenant, scoped


def _backend() -> TokenBackend:
    """The active tenant's own; operators of the platform have one of theirs."""
    realm, name = ("guildhall:public:jwt", "guildhall:platform")
    if has_tenant():
        tenant = current_tenant()
        realm, name = scoped("jwt", tenant.id), f"guildhall:{tenant.id}"
    key = hmac.digest(settings.SECRET_KEY.encode(), realm.encode(), hashlib.sha256).hex()
    return TokenBackend("HS256", signing_key=key, issuer=name, audience=name)


class AccessToken(tokens.AccessToken):
    @property
    def token_backend(self) -> TokenBackend:
        return _backend()


class RefreshToken(tokens.RefreshToken):
    access_token_class = AccessToken

    @property
    def token_backend(self) -> TokenBackend:
        return _backend()
