"""Secrets at rest move from one master key to the next while the product goes on."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import call_command

from apps.accounts.services import single_sign_on
from apps.core import credentials
from apps.core.tenancy import public_context, tenant_context
from apps.integrations.models import Connection
from apps.providers.models import Provider
from apps.tenants.models import TenantKey


@pytest.fixture
def sealed(in_acme, member, settings):
    """Secrets of each kind under the key `old`."""
    settings.CREDENTIAL_KEYS = ["old"]
    provider = Provider(name="Vendor", kind="openai_compatible", base_url="http://x/v1")
    provider.set_api_key("sk-1")
    provider.save()
    values = {"kind": "oidc", "name": "Work", "client_id": "x", "server_url": "https://login.example.com"}
    sso = single_sign_on.save_provider(actor=None, values=values, secret="s3cret")
    service = Connection(name="Desk", slug="desk", base_url="https://desk.example", auth="bearer")
    service.set_secret("t0ken")
    service.save()
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
    assert [line for line in told if line.startswith("acme")] == ["acme: 5 sealed anew", "acme: 0 sealed anew"]
    assert [key.place for key in credentials._data_keys()] == [0, 0]  # the former key opens under the new master, too
    settings.CREDENTIAL_KEYS = ["new"]
    provider.refresh_from_db()
    sso.refresh_from_db()
    assert provider.api_key() == "sk-1"
    assert Connection.objects.get().secret() == "t0ken"
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


PLACE = {"table": "providers_provider", "field": "sealed_key"}


def keys(tenant):
    with public_context():
        return list(TenantKey.objects.filter(tenant=tenant))


def test_each_organisation_has_a_key_of_its_own_and_a_copied_one_does_not_open(in_acme, globex, member):
    sealed = credentials.seal("a secret", pk=member.pk, **PLACE)
    [own] = keys(in_acme)
    assert "a secret" not in sealed and sealed.startswith("k:")
    with public_context():
        TenantKey.objects.create(tenant=globex, wrapped=own.wrapped)
    with tenant_context(globex):
        assert credentials._data_keys() == []
        with pytest.raises(ValueError):
            credentials.unseal(sealed, pk=member.pk, **PLACE)


def test_platform_has_a_key_too(db, member):
    with public_context():
        sealed = credentials.seal("totp", pk=member.pk, **PLACE)
        assert credentials.unseal(sealed, pk=member.pk, **PLACE) == "totp"
    assert len(keys(None)) == 1


def test_what_was_sealed_before_there_were_keys_opens_and_is_sealed_anew(in_acme, member, settings):
    import base64
    import os

    cipher, nonce = credentials._derived(settings.CREDENTIAL_KEYS[0]), os.urandom(12)
    bound_to = credentials._bound_to(PLACE["table"], member.pk, PLACE["field"])
    former = base64.b64encode(nonce + cipher.encrypt(nonce, b"sk-old", bound_to)).decode()
    assert credentials.unseal(former, pk=member.pk, **PLACE) == "sk-old"
    anew = credentials.sealed_anew(former, pk=member.pk, **PLACE)
    assert anew.startswith("k:") and credentials.unseal(anew, pk=member.pk, **PLACE) == "sk-old"
    assert credentials.sealed_anew(anew, pk=member.pk, **PLACE) is None


def test_superseded_keys_go_after_a_day(sealed, in_acme, settings):
    from datetime import timedelta

    settings.CREDENTIAL_KEYS = ["new", "old"]
    assert credentials.rotate() > 0 and len(keys(in_acme)) == 2
    assert (
        credentials.rotate() == 0 and len(keys(in_acme)) == 2
    )  # something may still be on its way under the former one
    with public_context():
        for key in TenantKey.objects.filter(tenant=in_acme):
            TenantKey.objects.filter(pk=key.pk).update(created_at=key.created_at - timedelta(days=2))
    assert credentials.rotate() == 0 and len(keys(in_acme)) == 1
    provider, _sso = sealed
    provider.refresh_from_db()
    assert provider.api_key() == "sk-1"
