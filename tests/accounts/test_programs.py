"""Programs that people let in: what a registration may ask for, what a person is asked, what a token opens, and how it ends."""

import base64
import hashlib
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.idp.oidc.models import Client as OAuthClient
from allauth.idp.oidc.models import Token
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Program
from apps.accounts.services import members, programs
from apps.audit.models import AuditEvent
from apps.core.errors import Forbidden, InvalidInput
from apps.core.tenancy import tenant_context
from apps.tenants.options import LET_PROGRAMS_IN
from apps.tenants.services import set_option
from tests.conftest import PASSWORD, client_for

BACK = "https://assistant.example/back"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


@pytest.fixture
def web(acme):
    """A program's own requests."""
    return Client(HTTP_HOST="acme.localhost")


@pytest.fixture
def person(acme, member):
    return client_for(acme, member)


def registered(web, **changed):
    body = {"client_name": "Assistant", "redirect_uris": [BACK], "token_endpoint_auth_method": "none"} | changed
    return web.post("/oauth/register", json.dumps(body), "application/json")


def asked(client, **changed):
    return {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": BACK,
        "state": "s",
        "scope": "agents:write knowledge:read",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "resource": "http://acme.localhost/mcp",
    } | changed


def answered(person, client, action="grant", scopes=("agents:write", "knowledge:read"), **changed):
    """Answer the page of consent; return its answer."""
    page = person.get("/oauth/authorize", asked(client, **changed))
    assert page.status_code == 200, page.content
    return person.post(
        "/oauth/authorize", {"request": page.context["form"]["request"].value(), "action": action, "scopes": scopes}
    )


def traded(web, client, came, **changed):
    body = {
        "grant_type": "authorization_code",
        "code": came,
        "client_id": client,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "resource": "http://acme.localhost/mcp",
    }
    return web.post("/oauth/token", {name: value for name, value in (body | changed).items() if value is not None})


def code_of(answer):
    return parse_qs(urlsplit(answer["Location"]).query)["code"][0]


@pytest.fixture
def tokens(web, person):
    client = registered(web).json()["client_id"]
    came = traded(web, client, code_of(answered(person, client)))
    assert came.status_code == 200, came.content
    return came.json() | {"client": client}


def at_mcp(web, token):
    accept = {"HTTP_ACCEPT": "application/json, text/event-stream", "HTTP_AUTHORIZATION": f"Bearer {token}"}
    return web.post("/mcp", json.dumps(INITIALIZE), "application/json", **accept)


def test_a_program_finds_out_where_to_ask(web):
    answer = web.post("/mcp", "{}", "application/json")
    where = "http://acme.localhost/.well-known/oauth-protected-resource/mcp"
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, f'Bearer resource_metadata="{where}"')
    told = web.get(where).json()
    assert told["resource"] == "http://acme.localhost/mcp"
    server = web.get("/.well-known/oauth-authorization-server").json()
    assert told["authorization_servers"] == [server["issuer"]] == ["http://acme.localhost"]
    assert server["code_challenge_methods_supported"] == ["S256"]
    assert web.get(server["authorization_endpoint"]).status_code == 400  # asked for nothing
    assert web.post(server["registration_endpoint"]).status_code == 400


def test_what_a_registration_asks_for_is_put_into_bounds(web, in_acme):
    made = registered(
        web,
        scope="openid audit:read",
        grant_types=["client_credentials", "authorization_code"],
        response_types=["token"],
    )
    assert made.status_code == 201
    assert made.json()["scope"].split() == ["agents:write", "knowledge:read", "prompts:read"]
    assert made.json()["grant_types"] == ["authorization_code", "refresh_token"]
    assert made.json()["response_types"] == ["code"]
    assert not OAuthClient.objects.get().skip_consent


@pytest.mark.parametrize(
    "address",
    (
        *("javascript:alert(1)", "http://assistant.example/back", "data:text/html,x", "https://a@b.example/"),
        *(
            "https://a;b.example/",
            "https://*.example/",
            "https:///back",
            "https://a.example/#x",
            "back",
            "HTTP://x.example",
        ),
        *("https://a.example/\u0000", "https://a.example/\ud800", "https://[::1/", "file:///etc/passwd"),
    ),
)
def test_answers_go_to_no_other_place(web, address):
    answer = registered(web, redirect_uris=[address])
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize(
    "address", ("http://127.0.0.1:4711/callback", "http://localhost/x", "cursor://anysphere.mcp/cb")
)
def test_programs_on_a_device_register_too(web, address):
    assert registered(web, redirect_uris=[address], client_name="").status_code == 201


def test_a_person_is_asked_and_what_they_give_is_all_there_is(web, person, member, tokens, in_acme):
    program = Program.objects.get()
    assert (program.account, program.name, program.scopes) == (member, "Assistant", ["agents:write", "knowledge:read"])
    assert tokens["scope"].split() == ["agents:write", "knowledge:read"] and tokens["expires_in"] == 900
    with tenant_context(None):
        assert at_mcp(web, tokens["access_token"]).status_code == 200
        refused = web.get("/api/v1/agents/", HTTP_AUTHORIZATION=f"Bearer {tokens['access_token']}")
        assert refused.status_code == 403
        assert web.get("/v1/models", HTTP_AUTHORIZATION=f"Bearer {tokens['access_token']}").status_code == 403
    program.refresh_from_db()
    assert program.last_used_at is not None
    assert AuditEvent.objects.filter(action="program.let_in", actor_id=str(member.pk)).count() == 1
    assert not Token.objects.filter(hash__in=(tokens["access_token"], tokens["refresh_token"])).exists()


def test_the_page_says_who_asks_and_lets_the_form_lead_there(web, person):
    client = registered(web, client_name="<b>Assistant").json()
    assert client["error"] == "invalid_client_metadata"
    client = registered(web).json()["client_id"]
    page = person.get("/oauth/authorize", asked(client))
    assert "assistant.example" in page.content.decode()
    assert "form-action 'self' https://assistant.example" in page["Content-Security-Policy"]
    on_device = registered(web, redirect_uris=["cursor://cb"]).json()["client_id"]
    page = person.get("/oauth/authorize", asked(on_device, redirect_uri="cursor://cb"))
    assert "program on this device" in page.content.decode()
    assert "form-action 'self' cursor:" in page["Content-Security-Policy"]


def test_refusing_leads_back_without_a_code(web, person, in_acme):
    with tenant_context(None):
        client = registered(web).json()["client_id"]
        answer = answered(person, client, action="deny")
        none = answered(person, client, scopes=())
    assert parse_qs(urlsplit(answer["Location"]).query) == {"error": ["access_denied"], "state": ["s"]}
    assert none.status_code == 422 and not Program.objects.exists()


@pytest.mark.parametrize(
    "changed",
    (
        *({"code_challenge": ""}, {"code_challenge_method": "plain"}, {"prompt": "none"}, {"client_id": "x"}),
        *(
            {"redirect_uri": "https://elsewhere.example/"},
            {"resource": "https://elsewhere.example/mcp"},
            {"client_id": "\u0000"},
        ),
    ),
)
def test_what_does_not_fit_is_refused_here_and_leads_nowhere(web, person, changed):
    client = registered(web).json()["client_id"]
    page = person.get("/oauth/authorize", asked(client) | changed)
    assert page.status_code == 400 and "Location" not in page


@pytest.mark.parametrize("port", ("1; script-src *", "x", "99999", "1, *"))
def test_ports_of_ones_own_machine_are_ports(web, person, port):
    client = registered(web, redirect_uris=["http://127.0.0.1:4711/back"]).json()["client_id"]
    another = person.get("/oauth/authorize", asked(client, redirect_uri="http://127.0.0.1:4712/back"))
    assert "form-action 'self' http://127.0.0.1:4712" in another["Content-Security-Policy"]
    page = person.get("/oauth/authorize", asked(client, redirect_uri=f"http://127.0.0.1:{port}/back"))
    assert page.status_code == 400 and "127.0.0.1" not in page["Content-Security-Policy"]


def test_more_than_may_be_given_is_not_asked_for(web, person):
    client = registered(web).json()["client_id"]
    answer = person.get("/oauth/authorize", asked(client, scope="audit:read"))
    assert parse_qs(urlsplit(answer["Location"]).query)["error"] == ["invalid_scope"]


def test_nobody_is_let_in_by_somebody_elses_page(web, member, acme):
    client = registered(web).json()["client_id"]
    strict = Client(HTTP_HOST="acme.localhost", enforce_csrf_checks=True)
    with tenant_context(acme):
        strict.force_login(member)
    page = strict.get("/oauth/authorize", asked(client))
    body = {"request": page.context["form"]["request"].value(), "action": "grant", "scopes": ["agents:write"]}
    assert strict.post("/oauth/authorize", body).status_code == 403
    assert strict.post("/oauth/authorize", {"action": "grant"}).status_code == 400


@pytest.mark.parametrize(
    ("changed", "error"),
    (
        ({"code_verifier": "w" * 64}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": "https://elsewhere.example/"}, "invalid_request"),
        ({"resource": "https://elsewhere.example/"}, "invalid_target"),
        ({"resource": "mcp"}, "invalid_target"),
        ({"code": "x"}, "invalid_grant"),
        ({"client_id": "x"}, "invalid_client"),
        ({"grant_type": "password"}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "invalid_client"),
    ),
)
def test_codes_are_traded_by_whoever_asked_alone(web, person, changed, error):
    client = registered(web).json()["client_id"]
    answer = traded(web, client, code_of(answered(person, client)), **changed)
    assert answer.status_code in (400, 401) and answer.json()["error"] == error


def test_a_code_is_good_once(web, person):
    client = registered(web).json()["client_id"]
    code = code_of(answered(person, client))
    assert [traded(web, client, code).status_code for _ in range(2)] == [200, 400]


def test_renewing_gives_a_new_pair_once(web, tokens):
    body = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": tokens["client"]}
    fresh = web.post("/oauth/token", body)
    assert fresh.status_code == 200 and web.post("/oauth/token", body).status_code == 400
    assert at_mcp(web, fresh.json()["access_token"]).status_code == 200


def test_put_out_it_is_out_at_once_and_cannot_renew(web, person, tokens, acme, member):
    with tenant_context(acme):
        program = Program.objects.get()
    assert b"Assistant" in person.get("/keys/").content
    assert person.post(f"/keys/programs/{program.pk}/put-out/").status_code == 302
    assert at_mcp(web, tokens["access_token"]).status_code == 401
    body = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": tokens["client"]}
    assert web.post("/oauth/token", body).status_code == 400
    with tenant_context(acme):
        assert AuditEvent.objects.filter(action="program.put_out", actor_id=str(member.pk)).exists()


def test_who_is_suspended_has_no_program_in(web, tokens, acme, member, admin_user):
    with tenant_context(acme):
        members.suspend(actor=admin_user, user=member)
    assert at_mcp(web, tokens["access_token"]).status_code == 401
    with tenant_context(acme):
        members.restore(actor=admin_user, user=member)
        Token.objects.filter(type="at").update(expires_at=timezone.now() - timedelta(seconds=1))
    assert at_mcp(web, tokens["access_token"]).status_code == 401


def test_revoked_by_the_program_itself(web, tokens):
    body = {"token": tokens["access_token"], "client_id": tokens["client"]}
    assert web.post("/oauth/revoke", body).status_code == 200
    assert at_mcp(web, tokens["access_token"]).status_code == 401


def test_nothing_of_it_is_good_elsewhere(tokens, globex):
    other = Client(HTTP_HOST="globex.localhost")
    assert at_mcp(other, tokens["access_token"]).status_code == 401
    body = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": tokens["client"]}
    assert other.post("/oauth/token", body).status_code in (400, 401)


def test_where_no_programs_are_let_in_there_is_nothing(web, tokens, acme, admin_user):
    with tenant_context(acme):
        set_option(actor=admin_user, option=LET_PROGRAMS_IN, value=False)
    assert at_mcp(web, tokens["access_token"]).status_code == 401
    assert web.get("/.well-known/oauth-authorization-server").status_code == 404
    assert registered(web).status_code == web.post("/oauth/token").status_code == 404


def test_others_programs_are_seen_by_who_manages_keys(tokens, acme, admin_user, member):
    with tenant_context(acme):
        stranger = members.create_user(email="s@acme.example", name="S", password=PASSWORD)
        program = Program.objects.get()
        assert not Program.objects.visible_to(stranger).exists()
        assert Program.objects.visible_to(admin_user).get() == program
        with pytest.raises(Forbidden):
            programs.put_out(actor=stranger, program=program)
        programs.put_out(actor=admin_user, program=program)


def test_support_lets_nothing_in(in_acme, member):
    client = OAuthClient(name="x")
    programs.check_registration(client, [BACK])
    client.save()
    with pytest.raises(InvalidInput):
        programs.let_in(actor=member, client=client, scopes=["audit:read"])
    member.operator_id = 1
    with pytest.raises(Forbidden):
        programs.let_in(actor=member, client=client, scopes=["agents:write"])


def test_each_night_what_nobody_uses_is_forgotten(in_acme, member):
    old, used = (OAuthClient.objects.create(name=name, created_at=timezone.now() - timedelta(days=31)) for name in "ab")
    fresh = OAuthClient.objects.create(name="c")
    programs.let_in(actor=member, client=used, scopes=["agents:write"])
    Token.objects.create(type="at", hash="h", client=used, user=member, expires_at=timezone.now() - timedelta(days=1))
    programs.forget_unused()
    assert set(OAuthClient.objects.all()) == {used, fresh} and not Token.objects.exists()
    with tenant_context(None):
        programs.forget_unused()
