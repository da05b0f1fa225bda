"""Single sign-on against real providers: OpenID Connect (oidc-provider-mock) and SAML 2.0 (tests.standin.saml)."""

import re
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.management import call_command
from oidc_provider_mock import User as Person
from oidc_provider_mock import run_server_in_thread

from apps.accounts.models import IdentityProvider, Invitation, User
from apps.accounts.roles import group_for, role_keys
from apps.accounts.services import groups, members, single_sign_on
from apps.audit.models import AuditEvent
from apps.core.errors import Forbidden, InvalidInput
from apps.core.tenancy import tenant_context
from apps.tenants.options import SSO_ONLY
from apps.tenants.services import set_option
from tests.conftest import PASSWORD, api_for, client_for
from tests.standin.saml import ENTITY, SamlProvider, read_request, response

PEOPLE = [
    Person(
        sub="kim", claims={"email": "kim@acme.example", "email_verified": True, "name": "Kim Doe", "groups": ["it"]}
    ),
    Person(sub="mo", claims={"email": "member@acme.example", "email_verified": True, "name": "Mo"}),
    Person(sub="eve", claims={"email": "eve@evil.example", "email_verified": True}),
    Person(sub="nomail", claims={}),
    Person(sub="thief", claims={"email": "admin@acme.example", "email_verified": False}),
]


@pytest.fixture(scope="module")
def issuer():
    with run_server_in_thread(user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def saml_server():
    with SamlProvider(groups=("it",)) as server:
        yield server


@pytest.fixture(autouse=True)
def private_hosts(settings):
    settings.PROVIDER_PRIVATE_HOSTS = frozenset({"localhost", "127.0.0.1"})


def oidc_values(issuer, **values):
    return {"kind": "oidc", "name": "Work", "client_id": "guildhall", "server_url": issuer} | values


@pytest.fixture
def oidc(in_acme, admin_user, issuer):
    values = oidc_values(issuer, group_claim="groups", group_roles={"it": "admin"})
    return single_sign_on.save_provider(actor=admin_user, values=values, secret="s3cret")


@pytest.fixture
def saml(in_acme, admin_user, saml_server):
    values = {
        "kind": "saml",
        "name": "Campus",
        "entity_id": ENTITY,
        "sso_url": saml_server.url,
        "certificate": saml_server.certificate,
        "group_claim": "groups",
        "group_roles": {"it": "builder"},
    }
    return single_sign_on.save_provider(actor=admin_user, values=values)


def sign_in(client, key, sub):
    """Go to the provider, sign in there, come back; return the last answer."""
    with tenant_context(None):
        away = client.get(f"/accounts/oidc/{key}/login/")
        assert away.status_code == 302, away.content[:500]
        back = httpx.post(away["Location"], data={"sub": sub}, trust_env=False)
        parts = urlsplit(back.headers["location"])
        return client.get(f"{parts.path}?{parts.query}")


def person(email):
    return User.objects.get(email=email)


def is_signed_in(client):
    with tenant_context(None):
        return client.get("/account/").status_code == 200


def test_a_new_person_gets_an_account_with_the_roles_of_their_groups(oidc, visitor):
    page = visitor.get("/accounts/login/").content.decode()
    assert "Sign in with Work" in page
    assert sign_in(visitor, oidc.key, "kim").status_code == 302
    assert is_signed_in(visitor)
    kim = person("kim@acme.example")
    assert (kim.name, role_keys(kim.groups.all()), kim.has_usable_password()) == ("Kim Doe", ["admin", "member"], False)
    assert AuditEvent.objects.get(action="account.created", target_id=str(kim.pk)).after == {"through": "Work"}


def test_roles_follow_the_groups_at_each_sign_in(oidc, acme, visitor):
    sign_in(visitor, oidc.key, "kim")
    kim = person("kim@acme.example")
    IdentityProvider.objects.update(group_roles={"someone-else": "admin"})
    sign_in(client_for(acme), oidc.key, "kim")
    assert role_keys(kim.groups.all()) == ["member"]


def test_a_role_that_is_gone_gives_nothing(oidc, visitor):
    IdentityProvider.objects.update(group_roles={"it": "no longer there"})
    assert sign_in(visitor, oidc.key, "kim").status_code == 302
    assert role_keys(person("kim@acme.example").groups.all()) == ["member"]


def test_a_standing_account_is_found_by_its_address(oidc, visitor, member):
    sign_in(visitor, oidc.key, "mo")
    assert is_signed_in(visitor)
    assert User.objects.filter(email__iexact=member.email).count() == 1


def test_an_invitation_gives_its_roles(oidc, visitor, admin_user):
    members.invite(actor=admin_user, email="kim@acme.example", roles=[group_for("auditor")])
    IdentityProvider.objects.update(creates_accounts=False, group_claim="")
    sign_in(visitor, oidc.key, "kim")
    assert role_keys(person("kim@acme.example").groups.all()) == ["auditor"]
    assert Invitation.objects.get(email="kim@acme.example").accepted_at


@pytest.mark.parametrize(
    ("change", "sub", "reason"),
    [
        ({"domains": ["acme.example"]}, "eve", "Addresses at evil.example do not come in this way."),
        ({"creates_accounts": False}, "kim", "You have no account here yet."),
        ({}, "nomail", "did not say your e-mail address"),
        ({}, "thief", "has not checked your e-mail address"),
    ],
)
def test_whoever_may_not_come_in_is_told_why(change, sub, reason, oidc, visitor):
    IdentityProvider.objects.update(**change)
    refused = sign_in(visitor, oidc.key, sub)
    assert refused.status_code == 403
    assert reason in refused.content.decode()
    assert not is_signed_in(visitor)
    assert not User.objects.filter(email__in=["eve@evil.example", "kim@acme.example"]).exists()


def test_suspended_people_stay_out(oidc, visitor, member, admin_user):
    members.suspend(actor=admin_user, user=member)
    assert sign_in(visitor, oidc.key, "mo").status_code == 403
    assert not is_signed_in(visitor)


def test_state_and_code_of_one_tenant_are_worth_nothing_in_another(oidc, acme, globex, issuer):
    with tenant_context(globex):
        single_sign_on.save_provider(actor=None, values=oidc_values(issuer), secret="s3cret")
    ours, theirs = client_for(acme), client_for(globex)
    with tenant_context(None):
        away = ours.get(f"/accounts/oidc/{oidc.key}/login/")
        theirs.get("/accounts/oidc/work/login/")
        back = urlsplit(httpx.post(away["Location"], data={"sub": "kim"}, trust_env=False).headers["location"])
        theirs.get(f"{back.path}?{back.query}")
    assert not is_signed_in(theirs)


def test_unknown_and_switched_off_providers_are_404(oidc, visitor, globex):
    assert visitor.get("/accounts/oidc/nothing/login/").status_code == 404
    assert client_for(globex).get(f"/accounts/oidc/{oidc.key}/login/").status_code == 404
    IdentityProvider.objects.update(is_active=False)
    assert visitor.get(f"/accounts/oidc/{oidc.key}/login/").status_code == 404


def test_private_addresses_are_not_asked(oidc, visitor, settings):
    settings.PROVIDER_PRIVATE_HOSTS = frozenset()
    refused = visitor.get(f"/accounts/oidc/{oidc.key}/login/")
    assert refused.status_code == 422
    assert "private address" in refused.content.decode()


# -- SAML --------------------------------------------------------------------------------------------------------


def saml_sign_in(client, provider, server, email, hurt="", **changes):
    with tenant_context(None):
        away = client.get(f"/accounts/saml/{provider.key}/login/")
        request_id, acs, audience = read_request(away["Location"])
        packed = response(server, changes.get("request_id", request_id), acs, audience, email, server.groups, hurt=hurt)
        received = client.post(urlsplit(acs).path, {"SAMLResponse": packed})
        return client.get(received["Location"]), packed


def test_saml_signs_in(saml, saml_server, visitor):
    assert "Sign in with Campus" in visitor.get("/accounts/login/").content.decode()
    done, _packed = saml_sign_in(visitor, saml, saml_server, "kim@acme.example")
    assert done.status_code == 302
    assert is_signed_in(visitor)
    assert role_keys(person("kim@acme.example").groups.all()) == ["builder", "member"]


@pytest.mark.parametrize("hurt", ["unsigned", "changed", "audience", "late"])
def test_assertions_that_are_not_right_open_nothing(hurt, saml, saml_server, visitor):
    saml_sign_in(visitor, saml, saml_server, "kim@acme.example", hurt)
    assert not is_signed_in(visitor)
    assert not User.objects.filter(email="kim@acme.example").exists()


def test_assertions_of_another_key_open_nothing(saml, visitor):
    with SamlProvider() as other:
        saml_sign_in(visitor, saml, other, "kim@acme.example")
    assert not is_signed_in(visitor)


def test_assertions_that_nobody_asked_for_open_nothing(saml, saml_server, visitor, acme):
    saml_sign_in(visitor, saml, saml_server, "kim@acme.example", request_id="_made-up")
    assert not is_signed_in(visitor)


def test_an_assertion_opens_once(saml, saml_server, acme, visitor):
    _done, packed = saml_sign_in(visitor, saml, saml_server, "kim@acme.example")
    thief = client_for(acme)
    with tenant_context(None):
        received = thief.post(f"/accounts/saml/{saml.key}/acs/", {"SAMLResponse": packed})
        thief.get(received["Location"])
    assert not is_signed_in(thief)


def test_metadata_names_this_tenant_alone(saml, visitor):
    metadata = visitor.get(f"/accounts/saml/{saml.key}/metadata/").content.decode()
    assert "http://acme.localhost/accounts/saml/campus/acs/" in metadata


# -- the only way in ---------------------------------------------------------------------------------------------


@pytest.fixture
def only(oidc, acme, admin_user, member, visitor):
    sign_in(visitor, oidc.key, "mo")
    set_option(actor=None, option=SSO_ONLY, value=True)
    return oidc


def test_every_other_way_in_is_shut(only, acme, member, admin_user, django_capture_on_commit_callbacks, mailoutbox):
    fresh = client_for(acme)
    with tenant_context(None):
        page = fresh.get("/accounts/login/").content.decode()
        assert "Sign in with Work" in page and 'name="password"' not in page
        fresh.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
        api = fresh.post("/api/v1/auth/login", {"email": member.email, "password": PASSWORD}, "application/json")
        reset = fresh.post("/accounts/password/reset/", {"email": member.email})
        link = fresh.get("/accounts/password/reset/key/1-set-password/")
        joined = fresh.post("/accounts/signup/", {"email": "new@acme.example"})
    assert api.status_code == 401
    assert reset.status_code == link.status_code == 302
    assert "Ask" in joined.content.decode() and mailoutbox == []
    with django_capture_on_commit_callbacks(execute=True):
        members.invite(actor=admin_user, email="guest@acme.example", roles=[group_for("member")])
    token = re.search(r"/invitation/([^/\s]+)/", mailoutbox[0].body)[1]
    with tenant_context(None):
        invited = fresh.post(f"/invitation/{token}/", {"name": "Guest", "password": PASSWORD})
    assert invited.status_code == 302 and not User.objects.filter(email="guest@acme.example").exists()
    assert not is_signed_in(fresh)
    sign_in(fresh, only.key, "mo")
    assert is_signed_in(fresh)


def test_passkeys_are_shut_too(only, acme, member, rf):
    from allauth.account.internal.flows.login import perform_login
    from allauth.account.models import Login
    from django.contrib.messages.storage.fallback import FallbackStorage
    from django.contrib.sessions.backends.db import SessionStore

    request = rf.post("/accounts/2fa/webauthn/login/")
    request.session, request.user = SessionStore(), None
    request._messages = FallbackStorage(request)
    answer = perform_login(request, Login(user=member, email_verification="none"))
    assert answer.status_code == 302 and answer["Location"] == "/accounts/login/"
    assert "_auth_user_id" not in request.session


def test_tokens_that_came_by_password_end(acme, member, oidc, api, visitor):
    assert api.get("/api/v1/auth/me").status_code == 200
    sign_in(visitor, oidc.key, "mo")
    set_option(actor=None, option=SSO_ONLY, value=True)
    assert api.get("/api/v1/auth/me").status_code == 401


def test_only_who_came_that_way_can_shut_the_others(oidc, acme, admin_user, admin_client):
    with pytest.raises(InvalidInput):
        set_option(actor=admin_user, option=SSO_ONLY, value=True)
    page = admin_client.post("/settings/", {"key": SSO_ONLY.key, "value": "on"})
    assert page.status_code == 422
    assert "Sign in through single sign-on yourself first" in page.content.decode()


def test_the_only_way_in_stays(only, admin_client, acme, admin_user, issuer):
    client = api_for(acme, admin_user)
    shut = client.put(f"/api/v1/sso-providers/{only.pk}", oidc_values(issuer, is_active=False), "json")
    gone = client.delete(f"/api/v1/sso-providers/{only.pk}")
    assert (shut.status_code, gone.status_code) == (409, 409)
    page = admin_client.post(f"/settings/sso/{only.pk}/", {"name": "Work", "server_url": issuer, "client_id": "x"})
    assert page.status_code == 422 and "Allow passwords first" in page.content.decode()
    assert IdentityProvider.objects.get().is_active


def test_operators_open_the_ways_again(only, acme, visitor, capsys):
    with tenant_context(None):
        call_command("allow_passwords", "acme")
    assert not single_sign_on.is_sso_only()
    assert "passwords are allowed" in capsys.readouterr().out


# -- setting up --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"client_id": ""}, "client_id"),
        ({"server_url": "https://login.example/ä"}, "server_url"),
        ({"server_url": "ftp://x"}, "server_url"),
        ({"kind": "google"}, "domains"),
        ({"kind": "github"}, "domains"),
        ({"group_roles": {"it": "nobody"}}, "roles"),
        ({"kind": "saml", "entity_id": "x", "sso_url": "https://x.example/", "certificate": "no"}, "certificate"),
    ],
)
def test_what_cannot_work_is_refused_at_the_field(values, field, admin_user, in_acme):
    with pytest.raises(InvalidInput) as raised:
        single_sign_on.save_provider(
            actor=admin_user, values=oidc_values("https://login.example.com") | values, secret="s3cret"
        )
    assert raised.value.field == field


def test_admins_do_not_decide_who_is_who(in_acme, issuer):
    """Whoever sets up a provider can have it name anybody, an owner too."""
    rita = members.create_user(email="rita@acme.example", name="Rita", password=PASSWORD, role="admin")
    with pytest.raises(Forbidden):
        single_sign_on.save_provider(actor=rita, values=oidc_values(issuer), secret="s")
    assert client_for(in_acme, rita).get("/settings/sso/").status_code == 403


def test_groups_give_no_role_above_ones_own(in_acme, issuer, admin_user):
    rita = members.create_user(email="rita@acme.example", name="Rita", password=PASSWORD, role="admin")
    role = groups.save_role(actor=admin_user, name="Sign-on", rights=["accounts.manage_sign_on"])
    members.set_roles(actor=admin_user, user=rita, roles=[group_for("admin"), role])
    rita = User.objects.get(pk=rita.pk)
    with pytest.raises(Forbidden):
        single_sign_on.save_provider(
            actor=rita, values=oidc_values(issuer, group_claim="g", group_roles={"it": "owner"}), secret="s"
        )


def test_secret_is_sealed_and_never_told(oidc, acme, admin_user, admin_client):
    assert "s3cret" not in oidc.sealed_secret
    shown = api_for(acme, admin_user).get("/api/v1/sso-providers/").content.decode()
    page = admin_client.get(f"/settings/sso/{oidc.pk}/").content.decode()
    told = str(list(AuditEvent.objects.filter(action="sso.added").values_list("after", flat=True)))
    assert "s3cret" not in shown + page + told
    assert f"http://acme.localhost/accounts/oidc/{oidc.key}/login/callback/" in page


def test_providers_by_page_and_api(acme, admin_user, admin_client, member_client, issuer, in_acme):
    assert member_client.get("/settings/sso/").status_code == 403
    form = {"name": "Entra", "server_url": "0000-1111", "client_id": "x", "secret": "y", "is_active": "on"}
    made = admin_client.post("/settings/sso/new/?kind=microsoft", form | {"group_roles": "it = admin\n"}, follow=True)
    row = IdentityProvider.objects.get(name="Entra")
    assert "is saved" in made.content.decode()
    assert row.server_url == "https://login.microsoftonline.com/0000-1111/v2.0"
    assert row.group_roles == {"it": "admin"}
    wrong = admin_client.post("/settings/sso/new/?kind=oidc", form | {"group_roles": "it"})
    assert wrong.status_code == 422 and "group = role" in wrong.content.decode()
    assert admin_client.get("/admin/accounts/identityprovider/").status_code == 200
    client = api_for(acme, admin_user)
    missing = client.post("/api/v1/sso-providers/", oidc_values(issuer), "json")
    assert (missing.status_code, list(missing.json()["errors"])) == (422, ["secret"])
    made = client.post("/api/v1/sso-providers/", oidc_values(issuer, secret="s"), "json")
    assert made.status_code == 201 and "secret" not in made.json()
    changed = client.put(f"/api/v1/sso-providers/{made.json()['id']}", oidc_values(issuer, name="Job"), "json")
    assert changed.json()["name"] == "Job"
    assert client.delete(f"/api/v1/sso-providers/{made.json()['id']}").status_code == 204
    assert admin_client.post(f"/settings/sso/{row.pk}/remove/").status_code == 302
    assert not IdentityProvider.objects.exists()
