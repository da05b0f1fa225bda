"""allauth's questions, answered for Guildhall."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from apps.core import credentials
from apps.core.tenancy import current_tenant


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up without an invitation."""
        return False


class MFAAdapter(DefaultMFAAdapter):
    """Second factors carry the tenant's name, and their secrets lie encrypted under the tenant's key."""

    def get_totp_issuer(self) -> str:
        return current_tenant().name

    def _get_site_name(self) -> str:
        return current_tenant().name

    def encrypt(self, text: str) -> str:
        return credentials.seal(text, table="mfa_authenticator", pk=current_tenant().id, field="secret")

    def decrypt(self, encrypted_text: str) -> str:
        return credentials.unseal(encrypted_text, table="mfa_authenticator", pk=current_tenant().id, field="secret")
