"""Writes with If-Match, reads with `fields`."""

import gzip

import pytest
from django.core.cache import cache
from redis.exceptions import RedisError

from apps.prompts.models import Prompt
from tests.conftest import api_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(acme, admin_user):
    return api_for(acme, admin_user)


@pytest.fixture
def path(api):
    made = api.post("/api/v1/prompts/", {"name": "Letter", "text": "Write.", "description": "x" * 200}, format="json")
    return f"/api/v1/prompts/{made.json()['id']}"


def rename(api, path, name, tag):
    return api.patch(path, {"name": name}, format="json", headers={"If-Match": tag})


def test_write_holds_while_nobody_wrote(api, path, in_acme):
    tag = api.get(path)["ETag"]
    assert rename(api, path, "Mine", tag).status_code == 200
    late = rename(api, path, "Theirs", tag)
    assert late.status_code == 412 and late.json()["type"].endswith("#precondition_failed")
    assert Prompt.objects.get().name == "Mine"
    assert rename(api, path, "Theirs", api.get(path)["ETag"]).status_code == 200


def test_what_was_changed_is_not_removed(api, path, in_acme):
    tag = api.get(path)["ETag"]
    rename(api, path, "Mine", tag)
    assert api.delete(path, headers={"If-Match": tag}).status_code == 412
    assert api.delete(path, headers={"If-Match": f'"other", {api.get(path)["ETag"]}'}).status_code == 204
    assert api.delete(path, headers={"If-Match": "*"}).status_code == 404


def test_address_that_cannot_be_read_is_not_written_by_the_comparison(api, acme, admin_user, in_acme):
    """A view of writes alone must not be called for what it would answer to a GET."""
    from apps.audit.models import AlertChannel
    from apps.audit.services import alerts

    channel = alerts.add_channel(actor=admin_user, kind="email", target="soc@acme.example").channel
    refused = api.delete(f"/api/v1/alert-channels/{channel.pk}", headers={"If-Match": "*"})
    assert refused.status_code == 412 and AlertChannel.objects.filter(pk=channel.pk).exists()
    assert api.delete(f"/api/v1/alert-channels/{channel.pk}").status_code == 204


def test_any_version_and_a_weakened_tag(api, path):
    assert rename(api, path, "A", "*").status_code == 200
    answer = api.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer["ETag"].startswith("W/") and gzip.decompress(answer.content)
    assert rename(api, path, "B", answer["ETag"]).status_code == 200


def test_two_at_once_do_not_both_hold(api, path, monkeypatch):
    """The second one comes while the first is between its comparison and its write."""
    tag, seen = api.get(path)["ETag"], []
    real = Prompt.save
    monkeypatch.setattr(
        Prompt, "save", lambda self, **kw: (seen.append(rename(api, path, "Second", tag)), real(self, **kw))
    )
    assert rename(api, path, "First", tag).status_code == 200
    assert [answer.status_code for answer in seen[:1]] == [409]


def test_without_redis_the_comparison_stands(api, path, monkeypatch):
    def away(*args, **kwargs):
        raise RedisError

    tag = api.get(path)["ETag"]
    monkeypatch.setattr(cache, "add", away)
    assert rename(api, path, "Mine", tag).status_code == 200
    assert rename(api, path, "Theirs", tag).status_code == 412


def test_refused_input_lets_the_next_one_through(api, path):
    tag = api.get(path)["ETag"]
    assert rename(api, path, "", tag).status_code == 422
    assert rename(api, path, "Mine", tag).status_code == 200


def test_fields_of_one_of_a_page_and_of_a_list(api, path):
    assert api.get(path, {"fields": "name, id"}).json().keys() == {"id", "name"}
    page = api.get("/api/v1/prompts/", {"fields": "name"}).json()
    rows = page["results"] if isinstance(page, dict) else page
    assert rows == [{"name": row["name"]} for row in rows] and rows
    assert all(row.keys() == {"name"} for row in api.get("/api/v1/agents/", {"fields": "name"}).json())
    audit = api.get("/api/v1/audit/", {"fields": "action"}).json()
    assert audit.keys() == {"next", "previous", "results"} and audit["results"][0].keys() == {"action"}


def test_field_that_is_not_there(api, path):
    refused = api.get(path, {"fields": "name,secret"})
    assert refused.status_code == 422 and "secret" in refused.json()["errors"]["fields"][0]
    assert api.post("/api/v1/agents/route?fields=nothing", {"text": "x"}, format="json").status_code == 200
