"""Operators sign in on the platform's own site, with a second factor where it is asked for."""

import pytest
from django.core.management import call_command
from django.test import Client

from apps.accounts.services import members
from apps.audit.models import SecurityEvent
from apps.core.tenancy import PUBLIC, public_context, tenant_context
from tests.accounts.test_second_factor import totp
from tests.conftest import PASSWORD


@pytest.fixture
def operator(db):
    return members.create_operator(email="op@platform.example", name="Olga Operator", password=PASSWORD)


@pytest.fixture
def site():
    return Client(HTTP_HOST="localhost")


def sign_in(site, password=PASSWORD):
    return site.post("/accounts/login/", {"login": "op@platform.example", "password": password})


def activate(site):
    """Add an authenticator app; return its secret."""
    assert site.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    page = site.get("/accounts/2fa/totp/activate/").content.decode()
    secret = page.partition('id="authenticator_secret"')[2].partition('value="')[2].partition('"')[0]
    assert site.post("/accounts/2fa/totp/activate/", {"code": totp(secret)}).status_code == 302
    return secret


def test_sign_in_leads_to_what_they_look_after(operator, site):
    assert site.get("/admin/").status_code == 302
    assert b"run the platform" in site.get("/accounts/login/?next=/admin/").content
    assert sign_in(site, "wrong").status_code == 200
    answer = sign_in(site)
    assert (answer.status_code, answer["Location"]) == (302, "/operations/")
    assert site.get("/operations/").status_code == 200 and site.get("/admin/").status_code == 200
    with public_context():
        assert SecurityEvent.objects.get().kind == "account.sign_in_failed"


def test_without_a_second_factor_nothing_is_open_where_it_is_asked_for(operator, site, settings):
    settings.OPERATOR_SECOND_FACTOR = True
    sign_in(site)
    for path in ("/operations/", "/admin/", "/api/v1/platform/tenants"):
        answer = site.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/"), path
    assert site.get("/accounts/2fa/").status_code == 200
    by_api = {"email": "op@platform.example", "password": PASSWORD}
    refused = Client(HTTP_HOST="localhost").post("/api/v1/auth/login", by_api, "application/json")
    assert (refused.status_code, refused.json()["title"]) == (401, "Mfa missing")
    activate(site)
    assert site.get("/operations/").status_code == 200


def test_sign_in_asks_for_the_code(operator, site, settings, monkeypatch):
    settings.OPERATOR_SECOND_FACTOR = True
    sign_in(site)
    secret = activate(site)
    fresh = Client(HTTP_HOST="localhost")
    assert sign_in(fresh)["Location"].startswith("/accounts/2fa/authenticate/")
    assert fresh.get("/operations/").status_code == 302
    assert fresh.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    from django.core.cache import cache

    with public_context():
        cache.clear()  # a code is good once
    assert fresh.post("/accounts/2fa/authenticate/", {"code": totp(secret)}).status_code == 302
    assert fresh.get("/operations/").status_code == 200
    by_api = {"email": "op@platform.example", "password": PASSWORD}
    assert (
        Client(HTTP_HOST="localhost").post("/api/v1/auth/login", by_api, "application/json").json()["title"]
        == "Mfa required"
    )


def test_their_secrets_rotate(operator, site, settings, capsys):
    from allauth.mfa.models import Authenticator

    sign_in(site)
    activate(site)
    settings.CREDENTIAL_KEYS = ["new", *settings.CREDENTIAL_KEYS]
    with public_context():
        before = list(Authenticator.objects.values_list("data", flat=True))
    call_command("rotate_credentials")
    assert "platform: 2 sealed anew" in capsys.readouterr().out
    with public_context():
        assert list(Authenticator.objects.values_list("data", flat=True)) != before


def test_pages_of_the_second_factor_need_no_organisation(operator, site):
    sign_in(site)
    activate(site)
    for path in ("/accounts/2fa/", "/accounts/2fa/recovery-codes/", "/accounts/2fa/webauthn/", "/accounts/logout/"):
        assert site.get(path).status_code == 200, path


def test_operations_shows_organisations_and_no_content(operator, site, acme, django_assert_max_num_queries):
    with tenant_context(PUBLIC):
        site.force_login(operator)
    with django_assert_max_num_queries(30):
        page = site.get("/operations/?q=acme").content.decode()
    assert "Acme Ltd" in page and "Globex" not in page
    assert "member@acme.example" not in page
    assert "No organisation fits" in site.get("/operations/?q=nothing-like-it").content.decode()


def test_people_of_organisations_see_none_of_it(acme, admin_client, visitor):
    assert admin_client.get("/operations/").status_code == 404
    assert Client(HTTP_HOST="localhost").get("/operations/").status_code == 302
