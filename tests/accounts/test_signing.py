"""Keys that ask for signed requests refuse what was changed, repeated, late or unsigned."""

import json
import time
import uuid

import pytest
from rest_framework.test import APIClient

from apps.accounts.services import keys
from apps.accounts.signing import signature
from apps.core.tenancy import tenant_context

SEARCH = "/api/v1/knowledge-base/search"


@pytest.fixture
def signed(in_acme, member):
    return keys.make_key(actor=member, name="ERP", scopes=["knowledge:read"], must_sign=True)


def ask(made, *, body=None, path=SEARCH, method="POST", sent_path=None, sent_body=None, at=None, nonce=None, **headers):
    """Sign one request and send it, or another one in its place."""
    raw = json.dumps(body or {"query": "leave"}).encode() if method == "POST" else b""
    moment, nonce = str(int(at or time.time())), nonce or uuid.uuid4().hex
    mark = signature(made.signing_secret, moment=moment, nonce=nonce, method=method, path=path, body=raw)
    extra = {
        "HTTP_AUTHORIZATION": f"Bearer {made.text}",
        "HTTP_X_SIGNATURE": mark,
        "HTTP_X_SIGNATURE_TIME": moment,
        "HTTP_X_SIGNATURE_NONCE": nonce,
        **headers,
    }
    client = APIClient(HTTP_HOST="acme.localhost")
    with tenant_context(None):
        return client.generic(
            method, sent_path or path, raw if sent_body is None else sent_body, "application/json", **extra
        )


def test_signed_requests_pass(signed):
    assert ask(signed).status_code == 200
    assert ask(signed, method="GET", path="/api/v1/knowledge-base/documents?q=a&tags=b").status_code == 200


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sent_body": b'{"query": "salaries"}'}, "does not fit"),
        (
            {"path": "/api/v1/knowledge-base/documents", "method": "GET", "sent_path": "/api/v1/knowledge-base/"},
            "does not fit",
        ),
        (
            {
                "path": "/api/v1/knowledge-base/documents?q=a",
                "method": "GET",
                "sent_path": "/api/v1/knowledge-base/documents?q=b",
            },
            "does not fit",
        ),
        ({"HTTP_X_SIGNATURE_NONCE": "another"}, "does not fit"),
        ({"HTTP_X_SIGNATURE": "00" * 32}, "does not fit"),
        ({"at": time.time() - 400}, "five minutes"),
        ({"at": time.time() + 4000}, "five minutes"),
        ({"HTTP_X_SIGNATURE": ""}, "asks for signed requests"),
        ({"HTTP_X_SIGNATURE_TIME": "now"}, "asks for signed requests"),
        ({"nonce": "n" * 65}, "does not fit"),
    ],
)
def test_what_was_changed_is_refused(change, reason, signed):
    answer = ask(signed, **change)
    assert answer.status_code == 401 and reason in answer.json()["detail"]


def test_a_request_works_once(signed):
    assert [ask(signed, nonce="once").status_code for _ in range(2)] == [200, 401]
    assert ask(signed, nonce="twice").status_code == 200


def test_the_secret_of_another_key_signs_nothing(signed, member):
    other = keys.make_key(actor=member, name="Other", scopes=["knowledge:read"], must_sign=True)
    mixed = keys.NewKey(signed.key, signed.text, other.signing_secret)
    assert ask(mixed).status_code == 401


def test_without_redis_nothing_signed_passes(signed, monkeypatch):
    from redis.exceptions import ConnectionError as Gone

    from apps.accounts import signing

    def gone(*args, **kwargs):
        raise Gone

    monkeypatch.setattr(signing.cache, "add", gone)
    answer = ask(signed)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


def test_keys_that_do_not_ask_need_no_signature(in_acme, member):
    plain = keys.make_key(actor=member, name="Plain", scopes=["knowledge:read"])
    assert plain.signing_secret == ""
    assert ask(plain, HTTP_X_SIGNATURE="").status_code == 200
