"""Second factors at page and API, sessions that can be ended, profiles, idle sessions."""

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import members, security
from apps.audit.models import AuditEvent
from apps.core.errors import Forbidden
from apps.core.tenancy import tenant_context
from tests.conftest import PASSWORD


def totp(secret, ahead=0):
    """RFC 6238, as an authenticator app does it."""
    counter = struct.pack(">Q", int(time.time()) // 30 + ahead)
    digest = hmac.digest(base64.b32decode(secret + "=" * (-len(secret) % 8)), counter, hashlib.sha1)
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def sign_in(client, email="member@acme.example"):
    return client.post("/accounts/login/", {"login": email, "password": PASSWORD})


@pytest.fixture
def secured(acme, in_acme, member, django_capture_on_commit_callbacks):
    """The member's account with an authenticator app: (client, secret, recovery codes)."""
    with tenant_context(None):
        client = Client(HTTP_HOST="acme.localhost")
        sign_in(client)
        assert "reauthenticate" in client.get("/accounts/2fa/totp/activate/")["Location"]
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        page = client.get("/accounts/2fa/totp/activate/").content.decode()
        secret = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)[1]
        assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    with django_capture_on_commit_callbacks(execute=True), tenant_context(None):
        done = client.post("/accounts/2fa/totp/activate/", {"code": totp(secret)})
        assert done.status_code == 302, done.content
    with tenant_context(None):
        page = client.get("/accounts/2fa/recovery-codes/").content.decode()
        codes = re.search(r'id="recovery_codes"[^>]*>([^<]+)<', page)[1].split()
    return client, secret, codes


def test_who_is_asked_again_may_give_a_code_instead(secured):
    """The other way leads to where one was going, named once."""
    _, secret, _ = secured
    with tenant_context(None):
        client = Client(HTTP_HOST="acme.localhost")
        step = sign_in(client)
        client.post(step["Location"], {"code": totp(secret, 1)})
        page = client.get("/accounts/2fa/totp/deactivate/", follow=True).content.decode()
        [other] = re.findall(r'href="(/accounts/2fa/reauthenticate/[^"]*)"', page)
        assert other.count("next=") == 1
        assert "one-time-code" in client.get(other).content.decode()


def test_app_is_added_and_asked_for(secured):
    _, secret, _ = secured
    with tenant_context(None):
        client = Client(HTTP_HOST="acme.localhost")
        step = sign_in(client)
        assert step["Location"].startswith("/accounts/2fa/authenticate/")
        assert client.get("/").status_code == 302
        assert client.get(step["Location"]).status_code == 200
        assert client.post("/accounts/2fa/authenticate/", {"code": "123456"}).status_code == 200
        assert client.post("/accounts/2fa/authenticate/", {"code": totp(secret, 1)}).status_code == 302
        assert client.get("/").status_code == 200
    assert AuditEvent.objects.filter(action="account.mfa_added").exists()


def test_secret_lies_encrypted_and_bound_to_the_tenant(secured, globex):
    _, secret, _ = secured
    row = Authenticator.objects.get(type="totp")
    assert secret not in str(row.data)
    from allauth.mfa.adapter import get_adapter

    assert get_adapter().decrypt(row.data["secret"]) == secret
    with tenant_context(globex), pytest.raises(ValueError):
        get_adapter().decrypt(row.data["secret"])


def test_recovery_code_works_once(secured):
    codes = secured[2]
    assert len(codes) == 10
    for status in (302, 200):
        with tenant_context(None):
            client = Client(HTTP_HOST="acme.localhost")
            sign_in(client)
            assert client.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == status


def test_api_asks_for_the_code_too(secured, visitor):
    _, secret, codes = secured

    def login(**extra):
        body = {"email": "member@acme.example", "password": PASSWORD, **extra}
        with tenant_context(None):
            return visitor.post("/api/v1/auth/login", body, "application/json")

    missing, wrong = login(), login(code="000000")
    assert (missing.status_code, missing.json()["type"]) == (401, "/docs/problems#mfa_required")
    assert (wrong.status_code, wrong.json()["type"]) == (401, "/docs/problems#mfa_code_wrong")
    assert login(code=totp(secret, 1)).status_code == 200
    assert login(code=codes[1]).status_code == 200
    assert login(code=codes[1]).status_code == 401


def test_codes_are_not_guessed(secured, visitor):
    body = {"email": "member@acme.example", "password": PASSWORD}
    with tenant_context(None):
        codes = [
            visitor.post("/api/v1/auth/login", body | {"code": f"{n:06}"}, "application/json").status_code
            for n in range(8)
        ]
    assert codes[-1] == 429


def test_administrator_takes_a_lost_factor_away(secured, admin_user, admin_client, member):
    page = f"/members/{member.pk}/"
    with tenant_context(None):
        assert b"Take the second factors away" in admin_client.get(page).content
        admin_client.post(f"{page}second-factors/")
        client = Client(HTTP_HOST="acme.localhost")
        assert sign_in(client)["Location"] == "/"
    assert AuditEvent.objects.filter(action="member.mfa_reset", target_id=str(member.pk)).exists()


def test_members_take_no_factors_away(secured, member, admin_user):
    with pytest.raises(Forbidden):
        security.reset_second_factors(actor=member, user=admin_user)
    rita = members.create_user(email="rita@acme.example", name="Rita", password=PASSWORD, role="admin")
    with pytest.raises(Forbidden):
        security.reset_second_factors(actor=rita, user=admin_user)


# -- sessions


def test_sessions_are_listed_and_ended(acme, in_acme, member):
    with tenant_context(None):
        here, there = (Client(HTTP_HOST="acme.localhost", HTTP_USER_AGENT=name) for name in ("Here/1", "There/2"))
        sign_in(here), sign_in(there)
        page = here.get("/account/").content.decode()
        assert "Here/1" in page and "There/2" in page
        assert here.post("/account/sessions/end/").status_code == 302
        assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)
    event = AuditEvent.objects.get(action="account.sessions_ended")
    assert event.after == {"count": 1}


def test_one_ends_no_session_of_others(acme, in_acme, member, admin_client, admin_user):
    from allauth.usersessions.models import UserSession

    with tenant_context(None):
        own = Client(HTTP_HOST="acme.localhost")
        sign_in(own)
    session = UserSession.objects.get(user=member)
    with tenant_context(None):
        admin_client.post("/account/sessions/end/", {"session": str(session.pk)})
        assert own.get("/").status_code == 200


def test_idle_session_ends(member_client, in_acme, settings):
    from django.contrib.sessions.models import Session

    with tenant_context(None):
        member_client.get("/")
    left = Session.objects.latest("expire_date").expire_date - timezone.now()
    assert 1700 < left.total_seconds() <= 1800
    Session.objects.update(expire_date=timezone.now())
    with tenant_context(None):
        assert member_client.get("/").status_code == 302


# -- profile


def test_profile_is_saved(member_client, member, in_acme):
    form = {"name": " Mo  Miller ", "language": "de", "time_zone": "Asia/Tokyo", "theme": "dark"}
    with tenant_context(None):
        wrong = member_client.post("/account/", form | {"time_zone": "Mars/Base"})
        answer = member_client.post("/account/", form)
        assert b'lang="de"' in member_client.get("/account/").content
    member.refresh_from_db()
    assert (wrong.status_code, answer.status_code) == (422, 302)
    assert (member.name, member.language, member.time_zone, member.theme) == ("Mo Miller", "de", "Asia/Tokyo", "dark")
    event = AuditEvent.objects.get(action="account.profile_changed")
    assert (event.before["name"], event.after["name"]) == ("Mo Member", "Mo Miller")


def test_password_is_changed_with_the_old_one(member_client, member, in_acme):
    path = "/accounts/password/change/"
    new = {"password1": "a better horse battery", "password2": "a better horse battery"}
    with tenant_context(None):
        assert member_client.get(path).status_code == 200
        assert member_client.post(path, {"oldpassword": "wrong", **new}).status_code == 200
        assert member_client.post(path, {"oldpassword": PASSWORD, **new}).status_code == 302
    assert User.objects.get(pk=member.pk).check_password("a better horse battery")
    assert AuditEvent.objects.filter(action="account.password_changed").exists()


def test_pages_of_second_factors_stand(member_client, in_acme):
    with tenant_context(None):
        sign_in(member_client)
        member_client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        for page in ("/accounts/2fa/", "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/"):
            assert member_client.get(page).status_code == 200, page


def test_a_session_from_before_a_new_password_is_not_valid(member_client, member, in_acme):
    def is_valid():
        return security.is_session_valid(member_client.session, User.objects.get(pk=member.pk))

    with tenant_context(None):
        member_client.get("/")
    assert is_valid()
    member.set_password("a better horse battery")
    member.save()
    assert not is_valid()


def test_a_session_that_ran_out_is_not_valid(member_client, member, in_acme):
    from django.contrib.sessions.models import Session

    with tenant_context(None):
        member_client.get("/")
    session = member_client.session
    assert security.is_session_valid(session, member)
    Session.objects.update(expire_date=timezone.now())
    assert not security.is_session_valid(session, member)


@pytest.mark.parametrize("host", ["acme.localhost", "localhost"])
def test_the_administration_has_no_way_in_of_its_own(host, acme, admin_user):
    """Django admin's own sign-in would ask for no second factor and count no guesses."""
    from apps.accounts.services.members import create_operator

    operator = create_operator(email="op@platform.example", name="Op", password=PASSWORD)
    client = Client(HTTP_HOST=host)
    email = admin_user.email if host.startswith("acme") else operator.email
    answer = client.post("/admin/login/?next=/admin/", {"username": email, "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/admin/")
    assert "sessionid" not in client.cookies and client.get("/admin/").status_code == 302
    assert client.get("/admin/login/")["Location"] == "/accounts/login/?next=/admin/"
