"""Signing in by OAuth 2.1 at the official MCP server: a person lets us in, tokens are renewed, and what is odd is refused."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.utils import timezone
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from apps.audit.models import AuditEvent
from apps.core.errors import InvalidInput
from apps.core.http import Fetched
from apps.integrations import mcp, oauth, tokens
from apps.integrations.errors import CallFailed, SignInFailed
from apps.integrations.models import Connection, SignIn
from apps.integrations.services import connections, sign_ins
from apps.accounts.services.members import create_user
from tests.conftest import PASSWORD, api_for, client_for
from tests.integrations.oauth_server import SignInServer


@pytest.fixture
def server(settings):
    with SignInServer() as running:
        settings.TOOL_PRIVATE_HOSTS = frozenset({running.host})
        yield running


def made(actor, server, **values):
    values = {"kind": "mcp", "source_url": server.url, "auth": "oauth", **values}
    return connections.connect(actor=actor, values=values)


@pytest.fixture
def connection(server, admin_user, in_acme):
    return made(admin_user, server, name="Sums")


def returned(url):
    """Go where a person is sent; return what they bring back."""
    answer = httpx.get(url, trust_env=False)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def let_in(actor, connection):
    back = returned(sign_ins.begin(actor=actor, connection=connection).url)
    sign_ins.finish(actor=actor, state=back["state"], code=back["code"], issuer=back.get("iss"), refusal="")
    connections.read_again(actor=actor, connection=connection)
    connections.set_operations(actor=actor, connection=connection, chosen={"add": "read"})
    return connection.operations.get(key="add")


def sum_of(operation):
    return mcp.call(operation, {"a": 2, "b": 3}, idempotency_key="k")["text"]


def test_nothing_is_read_before_somebody_has_signed_in(connection, admin_user):
    assert (connection.base_url.endswith("/mcp"), connection.described_at, connection.operations.count()) == (
        True,
        None,
        0,
    )
    with pytest.raises(InvalidInput, match="Nobody is signed in"):
        connections.read_again(actor=admin_user, connection=connection)
    assert "Nobody is signed in" in connections.try_connection(actor=admin_user, connection=connection).problem


def test_person_lets_us_in_and_tools_are_called(connection, server, admin_user):
    operation = let_in(admin_user, connection)
    assert sum_of(operation) == "5"
    asked, sign_in = server.door.asked[0], SignIn.objects.select_related("given_by").get()
    assert (asked.resource, asked.scopes) == (server.url, ["sums"])
    assert (sign_in.scope, sign_in.given_by, sign_in.wanted) == ("sums", admin_user, "")
    assert str(asked.redirect_uri).endswith("/connections/signed-in/")
    told = AuditEvent.objects.filter(action="connection.signed_in").get()
    assert told.after == {"host": server.host, "scope": "sums"}


def test_tokens_and_secrets_lie_sealed(connection, server, admin_user):
    let_in(admin_user, connection)
    row = SignIn.objects.values().get()
    held = [*server.door.tokens, *server.door.refreshes, *(c.client_secret for c in server.door.clients.values())]
    assert len(held) == 3 and not [secret for secret in held if secret in json.dumps(row, default=str)]
    assert sorted(SignIn.objects.get().kept()) == ["access", "client", "refresh"]


def test_token_that_runs_out_is_renewed(connection, server, admin_user):
    server.door.lasts_s = 10
    operation = let_in(admin_user, connection)
    server.door.renewed, server.door.lasts_s = 0, 3600
    assert [sum_of(operation), sum_of(operation), server.door.renewed] == ["5", "5", 1]


def test_of_two_at_once_one_renews(connection, server, admin_user, monkeypatch):
    operation = let_in(admin_user, connection)
    SignIn.objects.update(expires_at=timezone.now())
    renew = tokens._renewed

    def after_another(sign_in, spoiled):
        """Both saw that the token runs out; the other one had the row first."""
        return renew(sign_in, spoiled) and renew(sign_in, spoiled)

    monkeypatch.setattr(tokens, "_renewed", after_another)
    assert (sum_of(operation), server.door.renewed) == ("5", 1)


def test_token_that_was_taken_back_is_replaced_at_once(connection, server, admin_user):
    operation = let_in(admin_user, connection)
    server.door.tokens.clear()
    assert (sum_of(operation), server.door.renewed) == ("5", 1)


def test_service_that_lets_us_in_no_more_is_told_and_audited(connection, server, admin_user):
    operation = let_in(admin_user, connection)
    server.door.tokens.clear(), server.door.refreshes.clear()
    with pytest.raises(CallFailed, match="has to sign in"):
        sum_of(operation)
    assert not SignIn.objects.get().is_given and "access" not in SignIn.objects.get().kept()
    assert AuditEvent.objects.filter(action="connection.sign_in_lost").count() == 1
    let_in(admin_user, connection)
    assert sum_of(operation) == "5" and len(server.door.clients) == 1  # we are known there


def test_service_that_is_away_costs_no_sign_in(connection, server, admin_user, monkeypatch):
    operation = let_in(admin_user, connection)
    SignIn.objects.update(expires_at=timezone.now())
    gone = Fetched(server.url, 503, {}, b"")
    monkeypatch.setattr(oauth, "answered", lambda *args, **kwargs: gone)
    with pytest.raises(CallFailed, match="503"):
        sum_of(operation)
    monkeypatch.undo()
    assert sum_of(operation) == "5"


def test_service_that_knows_us_no_more_is_registered_at_anew(connection, server, admin_user):
    operation = let_in(admin_user, connection)
    server.door.clients.clear()
    SignIn.objects.update(expires_at=timezone.now())
    with pytest.raises(CallFailed, match="has to sign in"):
        sum_of(operation)
    assert SignIn.objects.get().kept() == {}
    assert sum_of(let_in(admin_user, connection)) == "5" and len(server.door.clients) == 1


def test_gateway_that_answers_for_the_service_costs_no_sign_in(connection, server, admin_user, monkeypatch):
    operation = let_in(admin_user, connection)
    SignIn.objects.update(expires_at=timezone.now())
    monkeypatch.setattr(
        oauth, "answered", lambda *args, **kwargs: Fetched(server.url, 404, {}, b"<h1>Maintenance</h1>")
    )
    with pytest.raises(CallFailed, match="404"):
        sum_of(operation)
    assert SignIn.objects.get().is_given


def test_who_went_there_and_did_not_come_back_is_registered_anew(connection, server, admin_user):
    let_in(admin_user, connection)
    sign_ins.begin(actor=admin_user, connection=connection)
    assert len(server.door.clients) == 1
    back = returned(sign_ins.begin(actor=admin_user, connection=connection).url)
    assert len(server.door.clients) == 2
    assert sum_of(connection.operations.get(key="add")) == "5"  # what is given already stays until they are back
    SignIn.objects.update(expires_at=timezone.now())
    assert sum_of(connection.operations.get(key="add")) == "5"
    sign_ins.finish(actor=admin_user, state=back["state"], code=back["code"], issuer=None, refusal="")
    SignIn.objects.update(expires_at=timezone.now())
    assert sum_of(connection.operations.get(key="add")) == "5"


def test_what_is_brought_back_counts_once_for_who_began_and_for_ten_minutes(connection, admin_user):
    back = returned(sign_ins.begin(actor=admin_user, connection=connection).url)
    asked = {"state": back["state"], "code": back["code"], "issuer": None, "refusal": ""}
    other = create_user(email="other@acme.example", name="Olga", password=PASSWORD, role="admin")
    for actor, changed in ((other, {}), (admin_user, {"state": "another"}), (admin_user, {"state": ""})):
        with pytest.raises(SignInFailed, match="over, or somebody else"):
            sign_ins.finish(actor=actor, **{**asked, **changed})
    SignIn.objects.update(begun_at=timezone.now() - timedelta(minutes=11))
    with pytest.raises(SignInFailed, match="over"):
        sign_ins.finish(actor=admin_user, **asked)
    SignIn.objects.update(begun_at=timezone.now())
    sign_ins.finish(actor=admin_user, **asked)
    with pytest.raises(SignInFailed, match="over"):
        sign_ins.finish(actor=admin_user, **asked)


def test_refusal_at_the_service_is_told(connection, server, admin_user):
    server.door.refusal = "Not today."
    back = returned(sign_ins.begin(actor=admin_user, connection=connection).url)
    with pytest.raises(SignInFailed, match="Not today"):
        sign_ins.finish(actor=admin_user, state=back["state"], code="", issuer=None, refusal=back["error_description"])
    assert not SignIn.objects.get().is_given


def test_answer_of_another_server_and_wrong_code_are_refused(connection, admin_user):
    for changed, words in (
        ({"issuer": "https://elsewhere.example"}, "another service"),
        ({"code": "no"}, "does not let us in"),
    ):
        back = returned(sign_ins.begin(actor=admin_user, connection=connection).url)
        asked = {"state": back["state"], "code": back["code"], "issuer": None, "refusal": ""}
        with pytest.raises(SignInFailed, match=words):
            sign_ins.finish(actor=admin_user, **{**asked, **changed})
    assert not SignIn.objects.get().is_given


def test_sign_in_is_forgotten_here_and_there(connection, server, admin_user):
    operation = let_in(admin_user, connection)
    (refresh,) = server.door.refreshes
    sign_ins.forget(actor=admin_user, connection=connection)
    assert server.door.revoked == [refresh] and list(SignIn.objects.get().kept()) == ["client"]
    with pytest.raises(CallFailed, match="Nobody is signed in"):
        sum_of(operation)


def test_sign_in_of_a_connection_that_is_removed_is_given_back(connection, server, admin_user):
    let_in(admin_user, connection)
    (refresh,) = server.door.refreshes
    connections.remove_connection(actor=admin_user, connection=connection)
    assert server.door.revoked == [refresh] and not SignIn.objects.exists()


@pytest.mark.parametrize("values", [{"auth": "none"}, {"source_url": "https://elsewhere.example/mcp"}])
def test_sign_in_is_for_one_service(connection, admin_user, values):
    let_in(admin_user, connection)
    connections.change_connection(actor=admin_user, connection=connection, values=values)
    assert not SignIn.objects.exists()


def test_rights_that_a_call_would_need_are_asked_for_next_time(connection, server, admin_user, monkeypatch):
    operation = let_in(admin_user, connection)
    told = {"www-authenticate": 'Bearer error="insufficient_scope", scope="sums more"'}
    monkeypatch.setattr(mcp, "answered", lambda *args, **kwargs: Fetched(server.url, 403, told, b""))
    with pytest.raises(CallFailed, match=r"more rights for this \(sums more\)"):
        sum_of(operation)
    monkeypatch.undo()
    assert sign_ins.begin(actor=admin_user, connection=connection).scope == "sums more"


def test_client_that_was_registered_by_hand(settings, admin_user, in_acme):
    with SignInServer(is_open=False) as server:
        settings.TOOL_PRIVATE_HOSTS = frozenset({server.host})
        row = made(admin_user, server, name="By hand")
        with pytest.raises(SignInFailed, match="connections/signed-in/"):
            sign_ins.begin(actor=admin_user, connection=row)
        server.door.clients["ours"] = OAuthClientInformationFull(
            client_id="ours",
            client_secret="hush",
            redirect_uris=[sign_ins.back_address()],
            token_endpoint_auth_method="client_secret_basic",
            scope="sums",
        )
        connections.change_connection(actor=admin_user, connection=row, values={"auth_name": "ours"}, secret="hush")
        assert sum_of(let_in(admin_user, row)) == "5"


def metadata(**changes):
    about = {
        "issuer": "https://login.example",
        "authorization_endpoint": "https://login.example/authorize",
        "token_endpoint": "https://login.example/token",
        "code_challenge_methods_supported": ["S256"],
    }
    return json.dumps(about | changes).encode()


@pytest.mark.parametrize(
    ("resource", "server", "words"),
    [
        (b"nonsense", b"nonsense", "does not say where"),
        (b"", metadata(), "calls itself otherwise"),  # nobody named it: it has to be the server's own
        (b'{"resource": "https://other.example/mcp", "authorization_servers": ["https://login.example"]}', metadata(), "another address"),
        (b'{"resource": "https://tool.example/mcp", "authorization_servers": ["https://evil.example"]}', metadata(), "calls itself otherwise"),
        (b'{"resource": "https://tool.example/mcp", "authorization_servers": ["https://login.example"]}', metadata(code_challenge_methods_supported=["plain"]), "PKCE"),
        (b'{"resource": "https://tool.example/mcp", "authorization_servers": ["https://login.example"]}', metadata(authorization_endpoint="javascript:alert(1)"), "does not say where"),
    ],
)  # fmt: skip
def test_odd_descriptions_are_refused(monkeypatch, resource, server, words):
    def answer(method, url, headers, body, **kwargs):
        if method == "POST":
            return Fetched(url, 401, {}, b"")
        told = resource if "protected-resource" in url else server
        return Fetched(url, 200 if told else 404, {}, told)

    monkeypatch.setattr(oauth, "answered", answer)
    with pytest.raises(SignInFailed, match=words):
        oauth.discover("https://tool.example/mcp")


def test_letters_that_cannot_be_stored_are_refused_and_odd_ones_of_headers_read(monkeypatch):
    def answer(method, url, headers, body, **kwargs):
        told = metadata(issuer="https://tool.example", scopes_supported=["a\0b"])
        challenge = {"www-authenticate": 'Bearer realm="Zug\u00e4nge \u2603"'}
        return Fetched(url, 401, challenge, b"") if method == "POST" else Fetched(url, 200, {}, told)

    monkeypatch.setattr(oauth, "answered", answer)
    with pytest.raises(SignInFailed, match="does not say where"):
        oauth.discover("https://tool.example/mcp")
    assert oauth.wanted_scope(Fetched("", 403, {"www-authenticate": "\u2603"}, b"")) == ""


@pytest.mark.parametrize("lasts_s", [None, -(10**15), 0, 10**15])
def test_whatever_a_token_says_of_itself_is_stored(connection, server, admin_user, lasts_s):
    server.door.lasts_s = lasts_s
    operation = let_in(admin_user, connection)
    row = SignIn.objects.get()
    row.take(OAuthToken(access_token="t", expires_in=lasts_s, scope="a\0b\nc" + "d" * 2000))
    row.save()
    assert row.scope.startswith("ab c") and len(row.scope) == 1000 and operation.is_on


def test_description_leads_to_no_private_address(connection, server, admin_user, monkeypatch):
    """Where it registers us is an address that the service chose."""
    place = oauth.discover(server.url)
    inside = place.server.model_copy(update={"registration_endpoint": "http://169.254.169.254/register"})
    with pytest.raises(CallFailed, match="private address"):
        oauth.register(oauth.Place(inside, place.resource, ""), address=sign_ins.back_address())


def test_only_mcp_servers(admin_user, in_acme):
    with pytest.raises(InvalidInput, match="Only MCP servers") as refused:
        connections.connect(
            actor=admin_user, values={"kind": "jira", "source_url": "https://jira.example", "auth": "oauth"}
        )
    assert refused.value.field == "auth" and not Connection.objects.exists()


def test_by_page(server, admin_user, acme):
    browser = client_for(acme, admin_user)
    form = {"kind": "mcp", "source_url": server.url, "auth": "oauth"}
    made_at = browser.post("/connections/new/", form).headers["location"]
    page = browser.get(made_at).content.decode()
    assert "Nobody is signed in" in page and "Sign in at the service" in page
    departure = browser.post(f"{made_at}sign-in/")
    assert server.host in departure.content.decode() and departure.headers["Cache-Control"] == "no-store"
    back = returned(departure.context["departure"].url)
    landed = browser.get("/connections/signed-in/", back, follow=True)
    page = landed.content.decode()
    assert landed.redirect_chain[-1][0] == made_at and "We are let in" in page and "Adds two numbers" in page
    again = browser.get("/connections/signed-in/", back, follow=True).content.decode()
    assert "This sign-in is over" in again
    page = browser.post(f"{made_at}sign-out/", follow=True).content.decode()
    assert "The sign-in is forgotten" in page and "Nobody is signed in" in page


def test_by_api(connection, server, admin_user, acme):
    api, path = api_for(acme, admin_user), f"/api/v1/connections/{connection.pk}/sign-in"
    assert api.get(path).json()["is_given"] is False
    begun = api.post(path).json()
    assert begun["host"] == server.host and begun["scope"] == "sums"
    browser = client_for(acme, admin_user)
    browser.get("/connections/signed-in/", returned(begun["url"]))
    assert api.get(path).json()["is_given"] is True
    assert api.delete(path).status_code == 204 and api.get(path).json()["is_given"] is False
    connection.auth = "none"
    connection.save()
    assert api.post(path).json()["errors"].keys() == {"auth"}


def test_nobody_is_led_away_without_the_right(connection, member, acme):
    assert client_for(acme, member).post(f"/connections/{connection.pk}/sign-in/").status_code == 403
    assert not SignIn.objects.exists()
