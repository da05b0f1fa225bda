"""A sealed secret opens in its own place only."""

import uuid

import pytest

from apps.core.tenancy import tenant_context
from apps.core import credentials
from apps.providers.models import Provider

PLACE = {"table": "providers_provider", "pk": uuid.UUID(int=1), "field": "sealed_key"}


def test_round_trip(in_acme):
    sealed = credentials.seal("sk-secret", **PLACE)
    assert "secret" not in sealed
    assert credentials.unseal(sealed, **PLACE) == "sk-secret"


@pytest.mark.parametrize("change", [{"table": "x"}, {"pk": uuid.UUID(int=2)}, {"field": "other"}])
def test_other_place_is_refused(in_acme, change):
    sealed = credentials.seal("sk-secret", **PLACE)
    with pytest.raises(ValueError, match="not made for this place"):
        credentials.unseal(sealed, **PLACE | change)


def test_other_tenant_is_refused(acme, globex):
    with tenant_context(acme):
        sealed = credentials.seal("sk-secret", **PLACE)
    with tenant_context(globex), pytest.raises(ValueError):
        credentials.unseal(sealed, **PLACE)


def test_old_master_key_still_opens(in_acme, settings):
    sealed = credentials.seal("sk-secret", **PLACE)
    settings.CREDENTIAL_KEYS = ["new", *settings.CREDENTIAL_KEYS]
    assert credentials.unseal(sealed, **PLACE) == "sk-secret"


def test_provider_keeps_no_key_in_the_clear(in_acme):
    provider = Provider(name="P", kind="openai_compatible", base_url="http://x/v1")
    provider.set_api_key("sk-secret")
    provider.save()
    assert "sk-secret" not in str(Provider.objects.filter(pk=provider.pk).values())
    assert Provider.objects.get(pk=provider.pk).api_key() == "sk-secret"


def test_key_reaches_the_provider_and_nobody_else(agent, member, scripted, work, caplog):
    from apps.agents.services.runs import start_run

    provider = agent.model.provider
    provider.set_api_key("sk-canary-4711")
    provider.save()
    start_run(actor=member, agent=agent, question="Hi")
    work("agents")
    assert {k.lower(): v for k, v in scripted.headers[-1].items()}["authorization"] == "Bearer sk-canary-4711"
    assert "sk-canary-4711" not in caplog.text
