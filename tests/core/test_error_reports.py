"""What an error report holds when a request breaks: the place of the error, and no secret of anybody."""

import json

import pytest
import sentry_sdk
from django.test import Client
from rest_framework.test import APIClient
from sentry_sdk.transport import Transport

from apps.agents.services import runs
from apps.core.error_reports import report_errors
from apps.core.tenancy import tenant_context
from apps.providers import services as providers
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


class Captured(Transport):
    """Keeps what would be sent."""

    sent = []

    def capture_envelope(self, envelope):
        self.sent.append(envelope.serialize().decode(errors="replace"))


@pytest.fixture
def reports():
    """The texts of the reports that were sent."""
    Captured.sent.clear()
    report_errors("http://key@127.0.0.1:9/1", transport=Captured)
    yield Captured.sent
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.init()


def breaks(monkeypatch, module, name):
    def broken(*args, **kwargs):
        local = (args, kwargs)  # a local variable with everything in it
        raise RuntimeError("It broke")

    monkeypatch.setattr(module, name, broken)


def of_the_error(reports):
    assert any("It broke" in text for text in reports), "nothing was reported"
    return " ".join(reports)


def test_api_request_that_breaks_reports_no_secret(acme, admin_user, monkeypatch, reports):
    from apps.accounts.tokens import RefreshToken

    breaks(monkeypatch, providers, "save_provider")
    with tenant_context(acme):
        token = str(RefreshToken.for_user(admin_user).access_token)
    api = APIClient(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {token}", raise_request_exception=False)
    body = {"kind": "openai", "name": "canary name", "api_key": "sk-canary-0815"}
    assert api.post("/api/v1/config/llm/providers", body, format="json").status_code == 500
    told = of_the_error(reports)
    assert "save_provider" in told and "/api/v1/config/llm/providers" in told
    found = [secret for secret in ("sk-canary-0815", "canary name", token, admin_user.email) if secret in told]
    assert found == []


def test_page_that_breaks_reports_neither_the_session_nor_what_was_written(acme, member, agent, monkeypatch, reports):
    breaks(monkeypatch, runs, "start_run")
    site = Client(HTTP_HOST="acme.localhost", raise_request_exception=False)
    signed = site.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    assert signed.status_code == 302
    sent = {"agent": str(agent.pk), "text": "my canary question"}
    assert site.post("/chat/", sent).status_code == 500
    told = of_the_error(reports)
    secrets = {"password": PASSWORD, "question": "canary question", "session": site.cookies["sessionid"].value}
    assert [name for name, secret in secrets.items() if secret in told] == []
    assert "/chat/" in told
    json.loads(reports[-1].splitlines()[-1])  # a report as Sentry reads it


def test_link_that_signs_somebody_in_is_hidden(acme, monkeypatch, reports):
    from apps.accounts.services import members

    breaks(monkeypatch, members, "open_invitation")
    site = Client(HTTP_HOST="acme.localhost", raise_request_exception=False)
    assert site.get("/invitation/canary-of-a-link/?code=canary-of-a-code").status_code == 500
    told = of_the_error(reports)
    assert "/invitation/hidden" in told and "canary" not in told
