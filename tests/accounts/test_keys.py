"""How programs come in: token families, API keys with scopes and addresses, service accounts, limits."""

from datetime import timedelta

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import ApiKey, User
from apps.accounts.roles import group_for
from apps.accounts.scopes import AREAS, OPEN, SCOPES
from apps.accounts.services import keys, members
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.tenancy import tenant_context
from tests.conftest import PASSWORD, api_for, client_for


def client_with(text, slug="acme", **extra):
    return APIClient(**{"HTTP_HOST": f"{slug}.localhost", "HTTP_AUTHORIZATION": f"Bearer {text}", **extra})


def status(text, path="/api/v1/auth/me", method="get", **extra):
    with tenant_context(None):
        return getattr(client_with(text, **extra), method)(path).status_code


@pytest.fixture
def key(in_acme, member):
    return keys.make_key(actor=member, name="Nightly", scopes=["knowledge:read", "agents:read"])


# -- token families


def sign_in(client, email="member@acme.example"):
    return client.post("/api/v1/auth/login", {"email": email, "password": PASSWORD}, format="json").json()


def test_a_spent_refresh_token_ends_its_family_alone(in_acme, member):
    with tenant_context(None):
        client = APIClient(HTTP_HOST="acme.localhost")
        first, other = sign_in(client), sign_in(client)
        renewed = client.post("/api/v1/auth/refresh", {"refresh": first["refresh"]}, format="json").json()
        assert status(renewed["access"]) == 200
        assert client.post("/api/v1/auth/refresh", {"refresh": first["refresh"]}, format="json").status_code == 401
        assert status(renewed["access"]) == status(first["access"]) == 401
        assert client.post("/api/v1/auth/refresh", {"refresh": renewed["refresh"]}, format="json").status_code == 401
        assert status(other["access"]) == 200
    assert AuditEvent.objects.filter(action="account.token_reused", actor_id=str(member.pk)).count() == 1


def test_signing_out_ends_the_access_token_too(in_acme):
    with tenant_context(None):
        client = APIClient(HTTP_HOST="acme.localhost")
        pair = sign_in(client)
        assert client.post("/api/v1/auth/logout", {"refresh": pair["refresh"]}, format="json").status_code == 204
        assert status(pair["access"]) == 401


def test_a_new_password_ends_every_token(in_acme, member):
    with tenant_context(None):
        pair = sign_in(APIClient(HTTP_HOST="acme.localhost"))
    member.set_password("another horse battery")
    member.save()
    assert status(pair["access"]) == 401


# -- keys


def test_key_is_shown_once_and_only_a_digest_kept(key):
    secret = key.text.rsplit("_", 1)[1]
    row = ApiKey.objects.get()
    assert key.text.startswith("gh_acme_") and secret not in str(vars(row))
    assert len(row.digest) == 64


def test_key_reaches_as_far_as_its_scopes(key, agent, base):
    text = key.text
    assert status(text) == 200
    assert status(text, "/api/v1/agents/") == 200
    assert status(text, "/api/v1/knowledge-base/documents") == 200
    assert status(text, f"/api/v1/agents/{agent.pk}/chat", "post") == 403
    assert status(text, "/api/v1/knowledge-base/upload", "post") == 403
    assert status(text, "/api/v1/conversations/") == 403
    assert status(text, "/api/v1/api-keys/") == 403
    assert status(text, "/api/v1/users/") == 403
    with tenant_context(None):
        found = client_with(text).post("/api/v1/knowledge-base/search", {"query": "leave"}, format="json")
    assert found.status_code == 200


def test_key_may_not_do_what_its_account_may_not(in_acme, member):
    made = keys.make_key(actor=member, name="All", scopes=list(SCOPES))
    assert status(made.text, "/api/v1/audit/") == 403


def test_stream_asks_for_the_scope_too(key, member, agent, scripted):
    from apps.conversations.services import start_conversation

    message = start_conversation(actor=member, agent=agent, text="Hi")
    narrow = keys.make_key(actor=member, name="Docs", scopes=["knowledge:read"])
    assert status(narrow.text, f"/api/v1/runs/{message.run_id}/events") == 403
    assert status(key.text, f"/api/v1/runs/{message.run_id}/events") == 200


@pytest.mark.parametrize("ending", ["revoked", "run out", "suspended", "wrong secret", "unknown", "cut"])
def test_keys_that_open_nothing(ending, key, member, admin_user):
    text = key.text
    if ending == "revoked":
        keys.revoke_key(actor=member, key=key.key)
    elif ending == "run out":
        ApiKey.objects.update(expires_at=timezone.now())
    elif ending == "suspended":
        members.suspend(actor=admin_user, user=member)
    elif ending == "wrong secret":
        text = text[:-1] + ("a" if text[-1] != "a" else "b")
    elif ending == "unknown":
        text = text.replace(key.key.prefix, "x" * 10)
    else:
        text = text.rsplit("_", 1)[0]
    assert status(text) == 401


def test_key_of_one_tenant_is_nothing_in_another(key):
    assert status(key.text, slug="globex") == 401
    assert status(key.text.replace("gh_acme_", "gh_globex_"), slug="globex") == 401


def test_key_works_from_its_addresses_alone(in_acme, member):
    made = keys.make_key(actor=member, name="Office", scopes=["agents:read"], addresses=["203.0.113.9/24"])
    assert made.key.addresses == ["203.0.113.0/24"]
    assert status(made.text, REMOTE_ADDR="203.0.113.77") == 200
    assert status(made.text, REMOTE_ADDR="198.51.100.1") == 401
    assert status(made.text, REMOTE_ADDR="198.51.100.1", HTTP_X_FORWARDED_FOR="203.0.113.7") == 401


def test_on_the_platforms_host_a_key_names_its_tenant(key, globex):
    assert status(key.text, "/api/v1/agents/", HTTP_HOST="localhost") == 200
    assert status(key.text, "/api/v1/agents/", HTTP_HOST="localhost", HTTP_X_TENANT="globex") == 401
    assert status(key.text.replace("acme", "globex"), "/api/v1/agents/", HTTP_HOST="localhost") == 401
    assert status(key.text.replace("acme", "nowhere"), "/api/v1/agents/", HTTP_HOST="localhost") == 404
    assert status(key.text, "/", HTTP_HOST="localhost") == 404  # pages have hosts of their own


# -- rotation


def test_a_rotated_key_goes_on_for_a_day_beside_the_new_one(key, member):
    made = keys.rotate_key(actor=member, key=key.key)
    assert status(key.text, "/api/v1/agents/") == status(made.text, "/api/v1/agents/") == 200
    assert (made.key.name, made.key.scopes) == (key.key.name, key.key.scopes) and made.text != key.text
    key.key.refresh_from_db()
    assert timedelta(hours=23) < key.key.expires_at - timezone.now() <= timedelta(days=1)
    assert AuditEvent.objects.get(action="api_key.rotated").target_id == str(key.key.pk)
    ApiKey.objects.filter(pk=key.key.pk).update(expires_at=timezone.now())
    assert status(key.text, "/api/v1/agents/") == 401 and status(made.text, "/api/v1/agents/") == 200


def test_a_new_key_lives_as_long_as_the_old_one_was_to(in_acme, member):
    soon = timezone.now() + timedelta(hours=2)
    old = keys.make_key(actor=member, name="Short", scopes=["agents:read"], expires_at=soon)
    made = keys.rotate_key(actor=member, key=old.key)
    assert abs((made.key.expires_at - timezone.now()) - timedelta(hours=2)) < timedelta(minutes=1)
    old.key.refresh_from_db()
    assert abs(old.key.expires_at - soon) < timedelta(seconds=1)


def test_a_key_that_ended_is_not_rotated_and_not_by_others(key, member, in_acme):
    other = members.create_user(email="other@acme.example", name="Other", password=PASSWORD)
    with pytest.raises(Forbidden):
        keys.rotate_key(actor=other, key=key.key)
    keys.revoke_key(actor=member, key=key.key)
    key.key.refresh_from_db()
    with pytest.raises(Conflict):
        keys.rotate_key(actor=member, key=key.key)


def test_rotation_by_page_and_api(key, member_client, api):
    with tenant_context(None):
        page = member_client.post(f"/keys/{key.key.pk}/rotate/")
        made = api.post(f"/api/v1/api-keys/{key.key.pk}/rotate")
    assert page.status_code == 200 and b"gh_acme_" in page.content and page["Cache-Control"] == "no-store"
    assert made.status_code == 201 and status(made.json()["text"], "/api/v1/agents/") == 200


def test_last_use_is_noted(key):
    status(key.text, REMOTE_ADDR="203.0.113.5")
    row = ApiKey.objects.get()
    assert row.last_used_from == "203.0.113.5" and timezone.now() - row.last_used_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": " "}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["everything"]}),
        ("addresses", {"addresses": ["the office"]}),
        ("expires_at", {"expires_at": timezone.now() - timedelta(days=1)}),
    ],
)
def test_bad_keys_are_refused_at_the_field(field, values, member, in_acme):
    with pytest.raises(InvalidInput) as error:
        keys.make_key(**{"actor": member, "name": "x", "scopes": ["agents:read"], **values})
    assert error.value.field == field


def test_every_route_of_the_api_has_an_area_or_is_closed_to_keys():
    closed = {"alert-channels", "auth", "api-keys", "config", "hooks", "programs", "sso-providers"}

    def paths(resolver, prefix=""):
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from paths(entry, prefix + str(entry.pattern))
            elif isinstance(entry, URLPattern):
                yield prefix + str(entry.pattern)

    firsts = {path.split("/")[0] for path in paths(get_resolver("config.api"))}
    assert firsts == set(AREAS) | closed
    assert OPEN == {"/api/v1/auth/me"}


# -- service accounts


def test_service_account_has_roles_and_keys_and_cannot_sign_in(in_acme, admin_user):
    account = keys.make_service_account(actor=admin_user, name="ERP", roles=[group_for("builder")])
    made = keys.make_key(actor=admin_user, name="ERP", scopes=["agents:read"], account=account)
    assert status(made.text, "/api/v1/agents/") == 200
    assert not account.has_usable_password()
    members.suspend(actor=admin_user, user=account)
    assert status(made.text, "/api/v1/agents/") == 401


def test_service_accounts_are_for_those_who_look_after_keys(in_acme, member, admin_user):
    rita = members.create_user(email="rita@acme.example", name="Rita", password=PASSWORD, role="admin")
    account = keys.make_service_account(actor=admin_user, name="Root", roles=[group_for("owner")])
    for act in (
        lambda: keys.make_service_account(actor=member, name="x", roles=[group_for("member")]),
        lambda: keys.make_key(actor=member, name="x", scopes=["agents:read"], account=account),
        lambda: keys.make_key(actor=rita, name="x", scopes=["agents:read"], account=account),
        lambda: keys.make_service_account(actor=rita, name="x", roles=[group_for("owner")]),
    ):
        with pytest.raises(Forbidden):
            act()


def test_keys_by_page(member_client, member, in_acme):
    with tenant_context(None):
        wrong = member_client.post("/keys/", {"name": "CI", "life": "30", "addresses": "the office"})
        made = member_client.post("/keys/", {"name": "CI", "life": "30", "scopes": ["agents:read"]})
        again = member_client.get("/keys/")
    key = ApiKey.objects.get()
    text = made.content.decode().split('value="gh_acme_')[1].split('"')[0]
    assert wrong.status_code == 422 and b"CI" in wrong.content and b"at least one of the scopes" in wrong.content
    assert status(f"gh_acme_{text}", "/api/v1/agents/") == 200
    assert text not in again.content.decode() and key.prefix in again.content.decode()
    assert made["Cache-Control"] == "no-store"
    with tenant_context(None):
        member_client.post(f"/keys/{key.pk}/revoke/")
    assert status(f"gh_acme_{text}", "/api/v1/agents/") == 401
    assert [e.action for e in AuditEvent.objects.filter(target_id=str(key.pk)).order_by("at")] == [
        "api_key.made",
        "api_key.revoked",
    ]


def test_service_accounts_by_page(admin_client, in_acme):
    with tenant_context(None):
        wrong = admin_client.post("/keys/service-accounts/", {"name": "ERP"})
        made = admin_client.post("/keys/service-accounts/", {"name": "ERP", "roles": [_pk("member")]})
    assert (wrong.status_code, made.status_code) == (422, 302)
    assert User.objects.get(is_service=True).name == "ERP"


def _pk(role):
    from apps.tenants.hosts import tenant_for_slug

    with tenant_context(tenant_for_slug("acme")):
        return group_for(role).pk


def test_keys_by_api(acme, member, api, admin_user):
    with tenant_context(None):
        made = api.post("/api/v1/api-keys/", {"name": "CI", "scopes": ["agents:read"]}).json()
        listed = api.get("/api/v1/api-keys/").json()["results"]
        foreign = api_for(acme, admin_user).post("/api/v1/api-keys/", {"name": "x", "scopes": ["agents:read"]}).json()
        assert api.delete(f"/api/v1/api-keys/{foreign['key']['id']}").status_code == 404
        assert api.delete(f"/api/v1/api-keys/{made['key']['id']}").status_code == 204
    assert [k["name"] for k in listed] == ["CI"] and "digest" not in listed[0]
    assert status(made["text"]) == 401


# -- limits


@pytest.fixture
def tight(settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "user": 3, "key": 2, "chat": 2}


def test_headers_tell_what_is_left(tight, api, member):
    with tenant_context(None):
        answers = [api.get("/api/v1/auth/me") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert [a["X-RateLimit-Remaining"] for a in answers] == ["2", "1", "0", "0"]
    assert answers[0]["RateLimit-Policy"] == '"user";q=3;w=60'
    assert 1 <= int(answers[3]["Retry-After"]) <= 60
    assert answers[3].json()["title"] == "Too many requests"


def test_a_key_has_a_limit_of_its_own(tight, key, api):
    assert [status(key.text) for _ in range(3)] == [200, 200, 429]
    with tenant_context(None):
        assert api.get("/api/v1/auth/me").status_code == 200


def test_messages_are_limited_at_every_door_and_nothing_typed_is_lost(tight, api, agent, member_client, member):
    with tenant_context(None):
        for _ in range(2):
            assert member_client.post("/chat/", {"text": "Hi"}).status_code == 302
        page = member_client.post("/chat/", {"text": "My long question"})
        call = api.post(f"/api/v1/agents/{agent.pk}/chat", {"text": "Hi"})
    assert (page.status_code, call.status_code) == (429, 429)
    assert b"My long question" in page.content and int(page["Retry-After"]) >= 1


def test_without_redis_nobody_is_shut_out(tight, api, monkeypatch):
    from redis.exceptions import ConnectionError as Gone

    from apps.core import limits

    def gone(*args, **kwargs):
        raise Gone

    monkeypatch.setattr(limits.cache, "add", gone)
    with tenant_context(None):
        assert [api.get("/api/v1/auth/me").status_code for _ in range(5)] == [200] * 5
