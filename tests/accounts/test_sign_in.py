"""Sign-in, sign-out and reset, by page and by API, with the audit's record of each."""

import re

import pytest
from django.core import mail
from django.core.cache import cache

from apps.audit.models import AuditEvent
from apps.core.tenancy import tenant_context
from tests.conftest import PASSWORD, client_for


@pytest.fixture(autouse=True)
def no_counted_failures(acme, globex):
    for tenant in (acme, globex):
        with tenant_context(tenant):
            cache.clear()


def post_login(client, email="member@acme.example", password=PASSWORD):
    return client.post("/accounts/login/", {"login": email, "password": password})


def test_sign_in_leads_home(visitor, acme):
    response = post_login(visitor)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert visitor.get("/").status_code == 200
    with tenant_context(acme):
        assert AuditEvent.objects.filter(action="account.signed_in", actor_name="Mo Member").count() == 1


def test_wrong_password_says_so_in_a_sentence_and_is_recorded(visitor, acme):
    response = post_login(visitor, password="wrong")
    assert response.status_code == 200
    assert b"not correct" in response.content
    with tenant_context(acme):
        event = AuditEvent.objects.get(action="account.sign_in_failed")
        assert event.after == {"email": "member@acme.example"}


def test_sixth_failure_is_held_back(visitor):
    for _ in range(5):
        post_login(visitor, password="wrong")
    assert b"Too many failed" in post_login(visitor).content


def test_account_of_another_tenant_does_not_work_here(visitor):
    assert post_login(visitor, email="member@globex.example").status_code == 200
    assert visitor.get("/").status_code == 302


def test_session_of_another_tenant_is_worth_nothing(member_client, globex):
    other = client_for(globex)
    other.cookies.update(member_client.cookies)
    assert other.get("/").status_code == 302


def test_sign_out(member_client):
    assert member_client.post("/accounts/logout/").status_code == 302
    assert member_client.get("/").status_code == 302


def test_password_reset_by_mail(visitor, acme):
    visitor.post("/accounts/password/reset/", {"email": "member@acme.example"})
    link = re.search(r"http://acme\.localhost(/accounts/password/reset/key/\S+)", mail.outbox[0].body)[1]
    form = visitor.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    visitor.post(address, {"password1": "a new long password", "password2": "a new long password"})
    assert post_login(visitor, password="a new long password").status_code == 302
    with tenant_context(acme):
        assert AuditEvent.objects.filter(action="account.password_reset").count() == 1


def test_reset_link_of_another_tenant_does_not_work(visitor, globex):
    visitor.post("/accounts/password/reset/", {"email": "member@acme.example"})
    link = re.search(r"http://acme\.localhost(/accounts/password/reset/key/\S+)", mail.outbox[0].body)[1]
    assert b"does not work any more" in client_for(globex).get(link, follow=True).content


def test_unknown_address_is_not_told(visitor):
    response = visitor.post("/accounts/password/reset/", {"email": "nobody@acme.example"})
    assert (response.status_code, response["Location"]) == (302, "/accounts/password/reset/done/")


def test_nobody_signs_up(visitor):
    assert b"by invitation" in visitor.get("/accounts/signup/").content


def login(client, password=PASSWORD):
    return client.post("/api/v1/auth/login", {"email": "member@acme.example", "password": password}, "application/json")


def test_api_login_refresh_me_logout(visitor):
    pair = login(visitor).json()
    me = visitor.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    assert me.json()["email"] == "member@acme.example"
    renewed = visitor.post("/api/v1/auth/refresh", {"refresh": pair["refresh"]}, "application/json").json()
    assert visitor.post("/api/v1/auth/logout", {"refresh": renewed["refresh"]}, "application/json").status_code == 204
    again = visitor.post("/api/v1/auth/refresh", {"refresh": renewed["refresh"]}, "application/json")
    assert (again.status_code, again.json()["status"]) == (401, 401)


def test_api_login_failures_are_held_back(visitor):
    for _ in range(5):
        assert login(visitor, "wrong").status_code == 401
    response = login(visitor)
    assert (response.status_code, response["Retry-After"]) == (429, "300")


def test_broken_json_is_a_400_with_a_sentence(visitor):
    response = visitor.post("/api/v1/auth/login", "{broken", "application/json")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert "JSON" in response.json()["detail"]


def test_wrong_field_is_a_422_that_names_it(visitor):
    response = visitor.post("/api/v1/auth/login", {"email": "x"}, "application/json")
    assert response.status_code == 422
    assert set(response.json()["errors"]) == {"email", "password"}


def test_tokens_end_with_the_password(visitor, acme, member):
    token = login(visitor).json()["access"]
    with tenant_context(acme):
        member.set_password("another long password")
        member.save()
    assert visitor.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 401


def test_deactivated_person_is_out_at_once(member_client, visitor, acme, member):
    token = login(visitor).json()["access"]
    with tenant_context(acme):
        type(member).objects.filter(pk=member.pk).update(is_active=False)
    assert member_client.get("/").status_code == 302
    assert visitor.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 401


def test_audit_cannot_be_changed(in_acme, member):
    from django.db import DatabaseError, transaction

    from apps.accounts.actions import SIGNED_IN
    from apps.audit.services.trail import record

    event = record(SIGNED_IN, actor=member)
    for change in (lambda: AuditEvent.objects.filter(pk=event.pk).update(actor_name="x"), event.delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def post(client, path, **body):
    return client.post(f"/api/v1/auth/{path}", body, "application/json")


def test_password_reset_by_api(visitor, acme, member, api):
    assert post(visitor, "password-reset", email="nobody@acme.example").status_code == 202
    assert post(visitor, "password-reset", email=member.email).status_code == 202
    uid, key = re.search(r"/reset/key/([^-]+)-(\S+)/", mail.outbox[-1].body).groups()
    weak = post(visitor, "password-reset/confirm", uid=uid, key=key, password="short")
    assert (weak.status_code, list(weak.json()["errors"])) == (422, ["password"])
    assert post(visitor, "password-reset/confirm", uid=uid, key=key, password="a brand new horse").status_code == 204
    assert post(visitor, "password-reset/confirm", uid=uid, key=key, password="a brand new horse").status_code == 404
    assert api.get("/api/v1/auth/me").status_code == 401
    assert login(visitor, "a brand new horse").status_code == 200
    with tenant_context(acme):
        assert AuditEvent.objects.filter(action="account.password_reset").count() == 1


def test_register_by_api(visitor, in_acme, django_capture_on_commit_callbacks):
    from apps.tenants.options import SIGN_UP_DOMAINS
    from apps.tenants.services import set_option

    assert post(visitor, "register", email="neu@acme.example").status_code == 422
    set_option(actor=None, option=SIGN_UP_DOMAINS, value=["acme.example"])
    with django_capture_on_commit_callbacks(execute=True):
        assert post(visitor, "register", email="neu@acme.example").status_code == 202
    assert post(visitor, "register", email="member@acme.example").status_code == 202
    token = re.search(r"/invitation/([^/]+)/", mail.outbox[0].body)[1]
    made = post(visitor, "register/confirm", token=token, name="Neu", password="a brand new horse")
    assert (made.status_code, made.json()["roles"]) == (201, ["member"])
    assert post(visitor, "register/confirm", token=token, name="Neu", password="a brand new horse").status_code == 404
    assert len(mail.outbox) == 1
