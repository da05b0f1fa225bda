"""Embeddings of providers: three wires through their real clients, what goes wrong, and setting a model up for them."""

import numpy as np
import pytest

from apps.core.errors import InvalidInput
from apps.core.wire import run_on_wire
from apps.providers import services
from apps.providers.errors import (
    AuthError,
    Garbled,
    ProviderError,
    QuotaSpent,
    RateLimited,
    TransientError,
    UnknownModel,
)
from apps.providers.models import Provider, ProviderModel
from apps.providers.registry import embedding_client, kinds
from tests.conftest import api_for
from tests.standin.server import StandIn, fails

pytestmark = pytest.mark.django_db
KINDS = sorted(key for key, kind in kinds().items() if kind.connect_embeddings)


@pytest.fixture
def admin(in_acme, admin_user):
    return admin_user


def provider_of(kind, standin):
    made = Provider(name=kind, kind=kind, base_url=standin.address_for(kind))
    made.set_api_key("sk-test")
    made.save()
    return made


def embed(provider, texts, model="scripted-embed"):
    return run_on_wire(embedding_client(provider).embed(model, texts), timeout_s=20)


def test_who_has_embeddings():
    assert KINDS == ["azure", "gemini", "huggingface", "ollama", "openai", "openai_compatible", "openai_responses"]


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_come_in_order_and_normalised(admin, standin, kind):
    standin.reset()
    found = embed(provider_of(kind, standin), ["annual leave", "leave each year", "hydraulic pump"])
    assert found.vectors.shape == (3, 768) and found.vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(found.vectors, axis=1), 1.0, atol=1e-5)
    near, far = found.vectors[0] @ found.vectors[1], found.vectors[0] @ found.vectors[2]
    assert near > 0.2 > abs(far)
    assert standin.embedded == [("scripted-embed", ["annual leave", "leave each year", "hydraulic pump"])]
    assert found.tokens == (0 if kind in ("gemini", "huggingface") else 7)


@pytest.mark.parametrize("kind", ["openai_compatible", "gemini", "huggingface"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (fails(401), AuthError),
        (fails(404), UnknownModel),
        (fails(429), RateLimited),
        (fails(503), TransientError),
        ({"kind": "short"}, Garbled),
    ],
)
def test_what_goes_wrong_is_said_in_our_words(admin, standin, kind, fault, error):
    standin.reset()
    standin.embedding_faults = [fault]
    with pytest.raises(error):
        embed(provider_of(kind, standin), ["one", "two"])
    assert len(standin.embedded) == 1  # nobody tries again behind our back


def test_empty_account_is_no_rush(admin, standin):
    standin.reset()
    standin.embedding_faults = [fails(429, code="insufficient_quota")]
    with pytest.raises(QuotaSpent):
        embed(provider_of("openai", standin), ["one"])


def test_server_that_is_away(admin):
    with StandIn() as gone:
        pass
    for kind in ("openai_compatible", "gemini", "huggingface"):
        with pytest.raises(ProviderError):
            embed(provider_of(kind, gone), ["one"])


# -- setting one up ------------------------------------------------------------------------------------------------


def test_size_is_learnt_when_it_is_saved(admin, standin):
    standin.reset()
    provider = provider_of("openai_compatible", standin)
    values = {"name": "scripted-embed-1024", "purpose": "embedding", "takes_tools": True, "is_default": True}
    made = services.save_model(actor=admin, provider=provider, values=values)
    assert (made.dimensions, made.is_default, made.takes_tools) == (1024, False, False)
    with pytest.raises(InvalidInput) as refused:
        services.save_model(
            actor=admin, provider=provider, values={"name": "scripted-embed-999", "purpose": "embedding"}
        )
    assert refused.value.field == "name" and "999" in str(refused.value.message)
    standin.embedding_faults = [fails(401)]
    with pytest.raises(InvalidInput) as refused:
        services.save_model(actor=admin, provider=provider, values={"name": "scripted-embed", "purpose": "embedding"})
    assert "did not accept the key" in str(refused.value.message)
    with pytest.raises(InvalidInput):
        services.save_model(actor=admin, provider=provider, values={"name": "other"}, model=made)


def test_default_model_goes_on_answering(admin, standin):
    default = ProviderModel.objects.get(is_default=True)
    with pytest.raises(InvalidInput) as refused:
        services.save_model(actor=admin, provider=default.provider, values={"purpose": "embedding"}, model=default)
    assert refused.value.field == "purpose"


def test_kind_without_embeddings_says_so(admin, standin):
    provider = provider_of("anthropic", standin)
    with pytest.raises(InvalidInput):
        services.save_model(actor=admin, provider=provider, values={"name": "x", "purpose": "embedding"})


def test_connection_of_a_provider_that_only_embeds_is_tried_with_a_vector(admin, standin):
    standin.reset()
    provider = provider_of("openai_compatible", standin)
    services.save_model(actor=admin, provider=provider, values={"name": "scripted-embed", "purpose": "embedding"})
    trial = services.try_connection(actor=admin, provider=provider)
    assert trial.is_good and trial.answer == "768" and not standin.asked


def test_by_page_and_api(admin, acme, standin, admin_client):
    standin.reset()
    provider = provider_of("openai_compatible", standin)
    offered = admin_client.get(f"/models/providers/{provider.pk}/offered/").content.decode()
    assert 'name="purpose" value="embedding"' in offered
    added = admin_client.post(
        f"/models/providers/{provider.pk}/models/", {"name": "scripted-embed", "purpose": "embedding"}
    )
    assert added.status_code == 302
    assert "finds by meaning, 768 numbers" in admin_client.get(f"/models/providers/{provider.pk}/").content.decode()
    api = api_for(acme, admin)
    body = {"name": "scripted-embed-512", "purpose": "embedding"}
    made = api.post(f"/api/v1/config/llm/providers/{provider.pk}/models", body).json()
    assert (made["purpose"], made["dimensions"]) == ("embedding", 512)
    chat = ProviderModel.objects.create(provider=provider, name="chat")
    wrong = api.patch(f"/api/v1/config/llm/models/{chat.pk}", {"fallback": made["id"]})
    assert wrong.status_code == 422
    assert api.delete(f"/api/v1/config/llm/models/{made['id']}").status_code == 204
