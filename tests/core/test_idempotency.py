"""A POST with an Idempotency-Key is answered once: replayed, refused with another body, worked on again after a failure."""

import pytest
from django.core.cache import cache
from redis.exceptions import RedisError

from apps.core import idempotency
from apps.prompts.models import Prompt
from tests.conftest import api_for

pytestmark = pytest.mark.django_db
BODY = {"name": "Letter", "text": "Write to {{ name }}."}


@pytest.fixture
def post(acme, admin_user):
    api = api_for(acme, admin_user)
    return lambda body=BODY, key="k1", path="/api/v1/prompts/": api.post(
        path, body, format="json", headers={"Idempotency-Key": key}
    )


def test_second_time_gives_the_first_answer(post, in_acme):
    first, again = post(), post()
    assert (first.status_code, again.status_code) == (201, 201) and first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first
    assert Prompt.objects.filter(name="Letter").count() == 1
    assert post(key="k2").status_code == 409  # the name is taken: that is a request of its own


def test_another_body_another_path_and_another_person(post, in_acme, acme, member):
    post()
    refused = post(BODY | {"text": "Other."})
    assert refused.status_code == 409 and refused.json()["type"].endswith("idempotency_key_reused")
    assert post({"text": "x"}, path="/api/v1/agents/route").status_code == 200
    other = api_for(acme, member).post("/api/v1/prompts/", BODY, format="json", headers={"Idempotency-Key": "k1"})
    assert other.status_code == 403


def test_what_fails_is_worked_on_again(post, in_acme):
    assert post({"name": ""}).status_code == 422
    assert post().status_code == 201


def test_while_one_is_worked_on_the_other_waits(post, in_acme, monkeypatch):
    monkeypatch.setattr(idempotency, "_kept", lambda place, mark, answer: answer())  # one that never ends
    assert post().status_code == 201
    waits = post()
    assert waits.status_code == 409 and waits.json()["type"].endswith("idempotency_key_in_use")


def test_files_are_read_by_the_view_as_well(acme, member, in_acme):
    api = api_for(acme, member)

    def send(boundary):
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\n# A\r\n--{boundary}--\r\n'
        kind = f"multipart/form-data; boundary={boundary}"
        return api.generic("POST", "/api/v1/files", head, content_type=kind, HTTP_IDEMPOTENCY_KEY="f")

    first, again = send("one"), send("two")
    assert first.status_code == 201 and again.json() == first.json() and again["Idempotency-Replayed"] == "true"
    large = {"name": "Large", "text": "x" * (1 << 20)}
    refused = [api.post("/api/v1/prompts/", large, format="json", headers={"Idempotency-Key": "l"}) for _ in range(2)]
    assert all("Idempotency-Replayed" not in each for each in refused)


def test_secrets_in_answers_are_sealed(post, in_acme, monkeypatch):
    kept = {}
    store = cache.set
    monkeypatch.setattr(
        idempotency.cache, "set", lambda name, value, timeout: kept.update({name: value}) or store(name, value, timeout)
    )
    wanted = {"name": "Key", "scopes": ["agents:read"]}
    made = post(wanted, path="/api/v1/api-keys/").json()
    assert post(wanted, path="/api/v1/api-keys/").json() == made and made["text"].startswith("gh_")
    (value,) = [value for name, value in kept.items() if name.startswith("idempotency:")]
    assert made["text"] not in str(value) and value["answer"].startswith("k:")


def test_without_redis_it_is_worked_on(post, in_acme, monkeypatch):
    def away(*args, **kwargs):
        raise RedisError

    monkeypatch.setattr(idempotency.cache, "add", away)
    assert post().status_code == 201 and post(BODY | {"name": "Other"}).status_code == 201
