"""The tenant-bound JSON Web Tokens of API clients.

Each tenant has a signing key of its own, derived from SECRET_KEY, and is named in `iss` and `aud`: a token of one
tenant is not even a valid signature in another (RFC 7519, section 4.1).
"""

import hashlib
import hmac

from django.conf import settings
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.backends import TokenBackend

from apps.core.tenancy import current_tenant, scoped


def _backend() -> TokenBackend:
    tenant = current_tenant()
    key = hmac.digest(settings.SECRET_KEY.encode(), scoped("jwt", tenant.id).encode(), hashlib.sha256).hex()
    name = f"guildhall:{tenant.id}"
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
