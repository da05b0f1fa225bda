"""Setting up providers and models through pages and API: who may, what is refused, what the trial tells, where the key goes."""

import pytest

from apps.accounts.services import members
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.providers import breaker, services
from apps.providers.models import Provider, ProviderModel
from tests.conftest import PASSWORD, api_for, client_for
from tests.standin.server import StandIn, fails, says, silent

pytestmark = pytest.mark.django_db
KEY = "sk-never-shown-1234567890"


@pytest.fixture
def admin(in_acme, admin_user):
    return admin_user


@pytest.fixture
def builder(in_acme):
    return members.create_user(email="bea@acme.example", name="Bea", password=PASSWORD, role="builder")


@pytest.fixture
def site(acme):
    return lambda user: client_for(acme, user)


@pytest.fixture
def rest(acme):
    return lambda user: api_for(acme, user)


@pytest.fixture
def vendor():
    with StandIn() as server:
        yield server


def values(vendor, kind="openai_compatible", **changed):
    return {"kind": kind, "name": "Vendor", "base_url": vendor.address_for(kind)} | changed


@pytest.fixture
def provider(admin, vendor):
    return services.save_provider(actor=admin, values=values(vendor), api_key=KEY)


def test_provider_is_set_up_by_page_tried_and_a_model_chosen(site, admin, vendor):
    client = site(admin)
    answer = client.post(
        "/models/new/?kind=openai",
        {"name": "OpenAI", "base_url": vendor.url, "api_key": KEY, "is_active": "on"},
    )
    row = Provider.objects.get(name="OpenAI")
    assert (answer.status_code, answer.url) == (302, f"/models/providers/{row.pk}/")
    page = client.get(answer.url).content.decode()
    assert "Stored, encrypted" in page and KEY not in page
    vendor.script(says("ready"))
    trial = client.post(f"/models/providers/{row.pk}/test/", headers={"HX-Request": "true"}).content.decode()
    assert "scripted answered" in trial and "ready" in trial
    offered = client.get(f"/models/providers/{row.pk}/offered/").content.decode()
    assert "scripted-large" in offered
    client.post(
        f"/models/providers/{row.pk}/models/", {"name": "scripted-large", "takes_tools": "on", "is_default": "on"}
    )
    assert ProviderModel.objects.get(is_default=True).name == "scripted-large"
    assert "scripted-large" in client.get("/models/").content.decode()
    told = str(list(AuditEvent.objects.values_list("before", "after")))
    assert "OpenAI" in told and KEY not in told


@pytest.mark.parametrize(
    ("turn", "problem", "advice"),
    [
        (fails(401), "did not accept the key", "mistyped"),
        (fails(404), "does not know this model", "name"),
        (fails(429, code="insufficient_quota"), "nothing left", "credit"),
        (fails(429), "slow down", "minute"),
        (fails(500), "failed", "minute"),
    ],
)
def test_trial_says_what_is_wrong(admin, provider, vendor, turn, problem, advice):
    vendor.script(turn)
    trial = services.try_connection(actor=admin, provider=provider, model="scripted")
    assert not trial.is_good and problem in trial.problem and advice in trial.advice


def test_trial_of_a_silent_or_absent_provider(admin, provider, vendor, monkeypatch):
    monkeypatch.setattr(services, "TRIAL_LIMIT_S", 1.0)
    vendor.script(silent(30))
    trial = services.try_connection(actor=admin, provider=provider, model="scripted")
    assert "too long" in trial.problem and "address" in trial.advice
    provider.base_url = "http://127.0.0.1:9/v1"
    provider.save()
    assert "could not be reached" in services.try_connection(actor=admin, provider=provider, model="x").problem


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "nonsense"}, "kind"),
        ({"kind": "azure", "base_url": ""}, "base_url"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"base_url": "http://user:pw@x/v1"}, "base_url"),
    ],
)
def test_bad_values_are_refused_with_their_field(admin, vendor, changed, field):
    with pytest.raises(InvalidInput) as caught:
        services.save_provider(actor=admin, values=values(vendor) | changed, api_key=KEY)
    assert caught.value.field == field and Provider.objects.count() == 1


def test_kind_that_needs_a_key_says_so(admin, vendor):
    with pytest.raises(InvalidInput) as caught:
        services.save_provider(actor=admin, values=values(vendor, "openai"))
    assert caught.value.field == "api_key"


def test_stored_key_does_not_follow_to_another_address(admin, provider):
    with pytest.raises(InvalidInput) as caught:
        services.save_provider(actor=admin, values={"base_url": "https://evil.example/v1"}, provider=provider)
    assert caught.value.field == "api_key"
    changed = {"base_url": "https://else.example/v1"}
    services.save_provider(actor=admin, values=changed, api_key="sk-new", provider=provider)
    assert Provider.objects.get(pk=provider.pk).api_key() == "sk-new"


def test_name_and_model_are_there_once(admin, provider, vendor):
    with pytest.raises(Conflict):
        services.save_provider(actor=admin, values=values(vendor), api_key=KEY)
    services.save_model(actor=admin, provider=provider, values={"name": "m"})
    with pytest.raises(Conflict):
        services.save_model(actor=admin, provider=provider, values={"name": " m "})


def test_default_moves_and_cannot_be_removed(admin, provider):
    model = services.save_model(actor=admin, provider=provider, values={"name": "m", "is_default": True})
    assert list(ProviderModel.objects.filter(is_default=True)) == [model]
    with pytest.raises(Conflict):
        services.remove_model(actor=admin, model=model)
    with pytest.raises(Conflict):
        services.remove_provider(actor=admin, provider=provider)


def test_models_do_not_ask_each_other_in_a_circle(admin, provider):
    one = services.save_model(actor=admin, provider=provider, values={"name": "one"})
    two = services.save_model(actor=admin, provider=provider, values={"name": "two", "fallback": one})
    with pytest.raises(InvalidInput) as caught:
        services.save_model(actor=admin, provider=provider, values={"fallback": two}, model=one)
    assert caught.value.field == "fallback"


def test_members_may_not_and_builders_may_look(site, member, builder, provider):
    assert site(member).get("/models/").status_code == 403
    assert site(builder).get(f"/models/providers/{provider.pk}/").status_code == 200
    assert site(builder).get("/models/new/?kind=openai").status_code == 403
    with pytest.raises(Forbidden):
        services.save_provider(actor=builder, values={}, provider=provider)


def test_api_sets_up_reads_changes_and_removes(rest, admin, vendor):
    client = rest(admin)
    made = client.post("/api/v1/config/llm/providers", values(vendor) | {"api_key": KEY})
    assert made.status_code == 201 and made.json()["has_key"] and KEY not in made.content.decode()
    address = f"/api/v1/config/llm/providers/{made.json()['id']}"
    model = client.post(f"{address}/models", {"name": "scripted", "takes_images": True}).json()
    assert (model["takes_tools"], model["takes_images"]) == (True, True)
    read = client.get("/api/v1/config/llm").json()
    assert {kind["key"] for kind in read["kinds"]} >= {"openai", "openai_responses", "azure", "anthropic", "gemini"}
    assert [p["models"][0]["name"] for p in read["providers"] if p["name"] == "Vendor"] == ["scripted"]
    assert KEY not in str(read)
    vendor.script(says("ready"))
    assert client.post(f"{address}/test", {}).json()["is_good"] is True
    assert [m["name"] for m in client.get(f"{address}/offered").json()][0] == "scripted"
    refused = client.patch(address, {"base_url": "https://evil.example"})
    assert refused.status_code == 422 and "api_key" in refused.json()["errors"]
    assert (
        client.patch(f"/api/v1/config/llm/models/{model['id']}", {"context_tokens": 9000}).json()["context_tokens"]
        == 9000
    )
    assert client.delete(f"/api/v1/config/llm/models/{model['id']}").status_code == 204
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_breaker_is_seen_and_reset(site, admin, provider):
    for _ in range(5):
        with pytest.raises(breaker.TransientError), breaker.guarded(provider):
            raise breaker.TransientError
    client = site(admin)
    assert "left alone for" in client.get(f"/models/providers/{provider.pk}/").content.decode()
    assert "open (5)" in client.get("/admin/providers/provider/").content.decode()
    client.post(f"/models/providers/{provider.pk}/reset/")
    assert breaker.state_of(provider).state == "closed"


def test_list_asks_as_many_questions_for_many_providers(site, admin, vendor, django_assert_max_num_queries):
    client = site(admin)
    client.get("/models/")
    for n in range(5):
        row = services.save_provider(actor=admin, values=values(vendor, name=f"P{n}"))
        services.save_model(actor=admin, provider=row, values={"name": "m"})
    with django_assert_max_num_queries(16):
        client.get("/models/")
