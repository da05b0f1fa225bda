"""Secrets at rest move from one master key to the next while the product goes on."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import call_command

from apps.accounts.services import single_sign_on
from apps.core.tenancy import tenant_context
from apps.providers.models import Provider


@pytest.fixture
def sealed(in_acme, member, settings):
    """Secrets of each kind under the key `old`."""
    settings.CREDENTIAL_KEYS = ["old"]
    provider = Provider(name="Vendor", kind="openai_compatible", base_url="http://x/v1")
    provider.set_api_key("sk-1")
    provider.save()
    values = {"kind": "oidc", "name": "Work", "client_id": "x", "server_url": "https://login.example.com"}
    sso = single_sign_on.save_provider(actor=None, values=values, secret="s3cret")
    TOTP.activate(member, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(member)
    return provider, sso


def test_everything_is_sealed_under_the_first_key(sealed, member, settings, capsys):
    provider, sso = sealed
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes()
    settings.CREDENTIAL_KEYS = ["new", "old"]
    with tenant_context(None):
        call_command("rotate_credentials")
        call_command("rotate_credentials")
    told = capsys.readouterr().out.split("\n")
    assert [line for line in told if line.startswith("acme")] == ["acme: 4 sealed anew", "acme: 0 sealed anew"]
    settings.CREDENTIAL_KEYS = ["new"]
    provider.refresh_from_db()
    sso.refresh_from_db()
    assert provider.api_key() == "sk-1"
    assert single_sign_on.as_app(sso).secret == "s3cret"
    totp = Authenticator.objects.get(type="totp").wrap()
    assert totp.instance.data["secret"] != "JBSWY3DPEHPK3PXP"
    assert RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes() == codes


def test_a_key_that_is_gone_is_said(sealed, settings):
    settings.CREDENTIAL_KEYS = ["new"]
    with tenant_context(None), pytest.raises(ValueError, match="its key is gone"):
        call_command("rotate_credentials")


def test_codes_of_single_sign_on_stay_out_of_the_log():
    from apps.core.logs import hide_one_time_links

    line = hide_one_time_links(None, "", {"request": "GET /accounts/oidc/work/login/callback/?code=abc&state=def"})
    assert line["request"] == "GET /accounts/oidc/work/login/callback/?code=hidden&state=hidden"
