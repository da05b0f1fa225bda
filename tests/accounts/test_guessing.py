"""However many guesses at a password, from wherever, through whichever door: few are looked at, and no answer tells who has an account."""

import json

import pytest
from django.test import Client

from apps.audit.models import AuditEvent
from apps.core.tenancy import tenant_context

PROMISED = 30  # in ten minutes


def by_api(n, email):
    body = {"email": email, "password": f"guess {n}"}
    client = Client(HTTP_HOST="acme.localhost", REMOTE_ADDR=f"10.0.{n // 250}.{n % 250 + 1}")
    return client.post("/api/v1/auth/login", body, "application/json")


def by_page(n, email):
    client = Client(HTTP_HOST="acme.localhost", REMOTE_ADDR=f"10.1.{n // 250}.{n % 250 + 1}")
    return client.post("/accounts/login/", {"login": email, "password": f"guess {n}"})


def without_ids(answers):
    """Return the problem details without the id of each request, which is random wherever it comes from."""
    told = [json.loads(answer) for answer in answers]
    assert all(answer.pop("request_id") for answer in told)
    return told


def looked_at(acme):
    with tenant_context(acme):
        return AuditEvent.objects.filter(action="account.sign_in_failed").count()


def test_few_are_looked_at_through_both_doors_together(acme, member):
    for n in range(150):
        by_api(n, member.email)
        by_page(n, member.email.upper())
    assert 0 < looked_at(acme) * 2 <= PROMISED  # the limit's window is five minutes


def test_the_right_password_is_not_looked_at_either_then(acme, member):
    for n in range(10):
        by_api(n, member.email)
    from tests.conftest import PASSWORD

    client = Client(HTTP_HOST="acme.localhost", REMOTE_ADDR="10.2.0.1")
    body = {"email": member.email, "password": PASSWORD}
    assert client.post("/api/v1/auth/login", body, "application/json").status_code == 429


@pytest.mark.parametrize("door", [by_api, by_page])
def test_answers_are_the_same_whether_there_is_an_account(door, acme, member):
    known = [door(n, member.email) for n in range(8)]
    unknown = [door(n, "nobody@acme.example") for n in range(8)]
    assert [a.status_code for a in known] == [a.status_code for a in unknown]
    bare = [a.content.replace(member.email.encode(), b"x") for a in known]
    other = [a.content.replace(b"nobody@acme.example", b"x") for a in unknown]
    if door is by_api:
        assert without_ids(bare) == without_ids(other)
    assert [len(a) for a in bare] == [len(a) for a in other]


def test_an_unknown_account_costs_a_hash_too(acme, member, monkeypatch):
    """Django hashes the guess for nobody as it does for somebody; without that the time would tell."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed = []
    original = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *a, **k: hashed.append(1) or original(*a, **k))
    by_api(1, member.email)
    known, hashed[:] = len(hashed), []
    by_api(2, "nobody@acme.example")
    assert len(hashed) == known == 1
