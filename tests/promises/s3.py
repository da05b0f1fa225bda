import re
import time
from urllib.parse import urlsplit

import httpx
import jwt
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live import wait_for

PROMISE = "credentials do not cross tenants"
FAULT = "session, tokens, reset link, socket, stream of A used at B"
PROMISED = "0 accepted"
HOOK = """
from apps.core.tenancy import tenant_context
from apps.integrations.models import Connection, Hook
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    Connection.objects.filter(slug="s3").delete()
    hook = Hook(connection=Connection.objects.create(kind="gitlab", name="S3", slug="s3", base_url="http://127.0.0.1:9"))
    hook.set_secret("secret-of-s3")
    hook.save()
    print(hook.pk, "secret-of-s3")
"""

PROGRAM = """
from datetime import timedelta
from allauth.idp.oidc.models import Client, Token
from apps.accounts.models import User
from apps.accounts.services import programs
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
from django.utils import timezone
with tenant_context(tenant_for_slug("acme")):
    client, person = Client(name="S3", type="public"), User.objects.get(email="amina@acme.example")
    programs.check_registration(client, ["https://assistant.example/"])
    client.save()
    programs.let_in(actor=person, client=client, scopes=["agents:write"])
    for kind in ("at", "rt"):
        token = Token(type=kind, client=client, user=person, expires_at=timezone.now() + timedelta(minutes=5))
        token.set_value(f"{kind}-of-s3")
        token.set_scopes(["agents:write"])
        token.save()
print("at-of-s3", "rt-of-s3", client.pk)
"""
ASKS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def prove(live, is_full):
    tries = {
        "session": _session,
        "access token": _access,
        "refresh token": _refresh,
        "logout": _logout,
        "socket": _socket,
        "socket ticket": _ticket,
        "header": _header,
        "stream": _stream,
        "reset link": _reset,
        "idempotency": _stored_key,
        "operator's token": _operator,
        "API key": _api_key,
        "secret of a hook": _hook,
        "invitation": _invitation,
        "CSRF token": _csrf,
        "SSO assertion": _assertion,
        "OAuth state and code": _oauth,
        "tokens of a program": _program,
        "visitor of another site": _visitor,
    }
    accepted = [name for name, attempt in tries.items() if attempt(live)]
    return f"{len(accepted)} of {len(tries)} kinds accepted {accepted or ''}", not accepted


def _session(live):
    with live.http("globex", Cookie=live.cookies("acme")) as client:
        return client.get("/").status_code == 200


def _access(live):
    with live.http("globex", Authorization=f"Bearer {live.token('acme')}") as client:
        return client.get("/api/v1/auth/me").status_code == 200


def _pair(live):
    from tests.live import PASSWORD

    with live.http("acme") as client:
        return client.post("/api/v1/auth/login", json={"email": "amina@acme.example", "password": PASSWORD}).json()


def _refresh(live):
    with live.http("globex") as client:
        return client.post("/api/v1/auth/refresh", json={"refresh": _pair(live)["refresh"]}).status_code == 200


def _logout(live):
    with live.http("globex") as client:
        return client.post("/api/v1/auth/logout", json={"refresh": _pair(live)["refresh"]}).status_code < 400


def _conversation(live):
    with live.api("globex") as api:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        return api.post(f"/api/v1/agents/{agent}/chat", json={"text": "Hello"}).json()


def _socket(live):
    try:
        with live.socket(_conversation(live)["conversation"], live.cookies("acme"), slug="globex") as socket:
            socket.recv(timeout=3)
    except (InvalidStatus, ConnectionClosed):
        return False
    return True


def _ticket(live):
    """A ticket of acme at globex's host, and with globex named in it."""
    with live.api("acme") as api:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        run = api.post(f"/api/v1/agents/{agent}/chat", json={"text": "Hello"}).json()["run"]
        urls = [api.post(f"/api/v1/runs/{run}/ticket").raise_for_status().json()["url"] for _ in range(2)]
    tried = (urls[0].replace("//acme.", "//globex."), urls[1].replace("acme", "globex").replace("globex.", "", 1))
    return any(_opens(live, url) for url in tried)


def _opens(live, url):
    try:
        with live.follow(url):
            return True
    except InvalidStatus:
        return False


def _api_key(live):
    """A key of acme at globex, as it is and with its tenant's name changed."""
    with live.api("acme") as api:
        made = api.post("/api/v1/api-keys/", json={"name": "S3", "scopes": ["agents:read"]}).json()
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    answers = []
    for text in (made["text"], made["text"].replace("gh_acme_", "gh_globex_")):
        with live.http("globex", Authorization=f"Bearer {text}") as client:
            answers += [client.get(path).status_code for path in ("/api/v1/agents/", "/v1/models")]
            answers.append(client.post("/a2a", json=ping).status_code)
            answers.append(client.post("/mcp", json=ping, headers={"Accept": "application/json"}).status_code)
    return set(answers) != {401}


def _hook(live):
    """The address and secret at which a service tells acme something, at globex."""
    made = live.code(HOOK).split()[-2:]
    with live.http("acme") as at_home, live.http("globex") as client:
        path, headers = f"/api/v1/hooks/{made[0]}", {"X-Gitlab-Token": made[1]}
        assert at_home.post(path, json={}, headers=headers).status_code == 204
        return client.post(path, json={}, headers=headers).status_code != 404


def _invitation(live):
    with live.api("acme") as api:
        api.post("/api/v1/invitations/", json={"email": "s3@acme.example", "roles": ["member"]}).raise_for_status()
    token = live.mailed(r"/invitation/([A-Za-z0-9_-]+)/")[-1]
    with live.http("globex") as client:
        return client.get(f"/invitation/{token}/").status_code == 200


def _csrf(live):
    """A form's token and cookie of acme sent to globex, with acme's session."""
    cookies = live.cookies("acme")
    with live.http("globex", Cookie=cookies) as client:
        token = re.search(r"csrftoken=([^;]+)", cookies)[1]
        answer = client.post("/chat/", data={"text": "Hi", "csrfmiddlewaretoken": token})
        return answer.status_code == 302 and answer.headers["location"].startswith("/chat/")


def _operator(live):
    """The platform's token in a tenant, and a tenant's on the platform."""
    from tests.live import PASSWORD

    body = {"email": "operator@guildhall.example", "password": PASSWORD}
    with live.http("acme") as client:
        host = {"Host": f"localhost:{live.port}"}
        access = client.post("/api/v1/auth/login", json=body, headers=host).json()["access"]
        there = client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {access}"})
        theirs = {"Authorization": f"Bearer {live.token('acme')}", **host}
        here = client.get("/api/v1/platform/tenants", headers=theirs)
    return 200 in (there.status_code, here.status_code)


def _header(live):
    with live.http("acme", Authorization=f"Bearer {live.token('acme')}") as client:
        return (
            client.get("/api/v1/auth/me", headers={"Host": f"localhost:{live.port}", "X-Tenant": "globex"}).status_code
            == 200
        )


def _stream(live):
    message = _conversation(live)
    with live.api("acme") as api:
        return api.get(f"/api/v1/runs/{message['run']}/events").status_code == 200


def _reset(live):
    with live.http("acme") as client:
        page = client.get("/accounts/password/reset/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
        cookie = page.headers["set-cookie"].split(";")[0]
        client.post(
            "/accounts/password/reset/",
            data={"csrfmiddlewaretoken": token, "email": "jonas@acme.example"},
            headers={"Cookie": cookie},
        )
    link = live.mailed(r'http://acme\.localhost:\d+(/accounts/password/reset/key/[^\s"<]+)')[-1]
    with live.http("globex") as client:
        answer = client.get(link, follow_redirects=False)
        return answer.status_code in (301, 302)


def _stored_key(live):
    """A provider's sealed key, pasted from one tenant's row into the other's."""
    code = """
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.providers.models import Provider
with tenant_context(tenant_for_slug("acme")):
    p = Provider(name="Sealed", kind="openai_compatible", base_url="http://x/v1"); p.set_api_key("sk-secret"); p.save()
with tenant_context(tenant_for_slug("globex")):
    q = Provider(id=p.id, name="Sealed", kind="openai_compatible", base_url="http://x/v1", sealed_key=p.sealed_key); q.save()
    try: print("OPENED", q.api_key())
    except ValueError: print("REFUSED")
    q.delete()
with tenant_context(tenant_for_slug("acme")): p.delete()
"""
    return "REFUSED" not in live.code(code)


SET_UP = """
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.accounts.models import IdentityProvider
from apps.accounts.services import single_sign_on
for slug in ("acme", "globex"):
    with tenant_context(tenant_for_slug(slug)):
        IdentityProvider.objects.all().delete()
        {action}
"""


def _set_up(live, values=None, secret=""):
    """Give both tenants the same provider, or none."""
    action = f"single_sign_on.save_provider(actor=None, values={values!r}, secret={secret!r})" if values else "pass"
    live.code(SET_UP.format(action=action))


def _is_in(client):
    return client.get("/account/").status_code == 200


def _assertion(live):
    """A signed assertion for acme, at acme (where it must open) and at globex."""
    from tests.standin.saml import ENTITY, SamlProvider, read_request, response

    def bring(client, packed):
        received = client.post("/accounts/saml/campus/acs/", data={"SAMLResponse": packed})
        client.get(received.headers["location"])
        return _is_in(client)

    with SamlProvider() as idp, live.http("acme") as ours, live.http("globex") as theirs:
        values = {"kind": "saml", "name": "Campus", "entity_id": ENTITY, "sso_url": idp.url}
        _set_up(live, values | {"certificate": idp.certificate})
        request_id, acs, audience = read_request(ours.get("/accounts/saml/campus/login/").headers["location"])
        theirs.get("/accounts/saml/campus/login/")
        packed = response(idp, request_id, acs, audience, "jonas@acme.example")
        is_accepted = bring(theirs, packed)
        assert bring(ours, packed), "the assertion opens nothing at home either"
    _set_up(live)
    return is_accepted


def _program(live):
    """What acme gave a program that somebody let in, at globex; and what the program trades for more."""
    access, refresh, client = live.code(PROGRAM).split()
    asks = {
        "headers": {"Authorization": f"Bearer {access}", "Accept": "application/json, text/event-stream"},
        "json": ASKS,
    }
    renews = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": client}
    with live.http("acme") as ours, live.http("globex") as theirs:
        is_accepted = (
            theirs.post("/mcp", **asks).status_code < 400 or theirs.post("/oauth/token", data=renews).is_success
        )
        assert ours.post("/mcp", **asks).is_success and ours.post("/oauth/token", data=renews).is_success
    return is_accepted


def _visitor(live):
    """What acme gave and believes of a visitor of another site, at globex: the token, the site's signature, the socket's ticket."""
    chats = {slug: _widget(live, slug) for slug in ("acme", "globex")}
    claims = {"sub": "kim", "exp": int(time.time()) + 600}
    signed = {"identity": jwt.encode(claims, chats["acme"]["secret"], algorithm="HS256"), "text": "Hello"}
    with live.http("acme") as ours, live.http("globex") as theirs:
        came = ours.post(chats["acme"]["visit"], json=signed).raise_for_status().json()
        held = {"token": came["token"]}
        tried = [theirs.post(chat["visit"], json=given) for chat in chats.values() for given in (signed, held)]
        again = ours.post(chats["acme"]["visit"], json=held).raise_for_status().json()
    is_open = _visits(live, "globex", came) or not _visits(live, "acme", again)
    return is_open or any(answer.is_success for answer in tried)


def _widget(live, slug):
    with live.api(slug) as api:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        about = {
            "name": f"S3 {time.time_ns()}",
            "agent": agent,
            "origins": ["https://s3.example"],
            "needs_identity": True,
        }
        made = api.post("/api/v1/widgets/", json=about).raise_for_status().json()
    return made | {"visit": f"/api/v1/widgets/{made['id']}/visit"}


def _visits(live, slug, visit):
    """Say whether a visit's socket opens at a tenant."""
    try:
        with live.visit(visit, slug=slug):
            return True
    except InvalidStatus:
        return False


def _oauth(live):
    """The way back from an OpenID provider, with acme's state and code, at globex and at acme."""
    from oidc_provider_mock import User, run_server_in_thread

    person = User(sub="jonas", claims={"email": "jonas@acme.example", "email_verified": True})
    with run_server_in_thread(user_claims=[person]) as idp, live.http("acme") as ours, live.http("globex") as theirs:
        issuer = f"http://127.0.0.1:{idp.server_port}"
        _set_up(live, {"kind": "oidc", "name": "Work", "client_id": "g", "server_url": issuer}, "s3cret")
        away = ours.get("/accounts/oidc/work/login/").headers["location"]
        theirs.get("/accounts/oidc/work/login/")
        back = urlsplit(httpx.post(away, data={"sub": "jonas"}, trust_env=False).headers["location"])
        theirs.get(f"{back.path}?{back.query}")
        is_accepted = _is_in(theirs)
        ours.get(f"{back.path}?{back.query}")
        assert _is_in(ours), "the code opens nothing at home either"
    _set_up(live)
    return is_accepted
