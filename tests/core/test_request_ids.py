"""One id from the request to its answer, its problem, its audit and the work that it led to."""

import uuid

import pytest
import structlog
from django.test import Client

from apps.audit.models import AuditEvent
from apps.core.tenancy import tenant_context
from apps.jobs.models import TenantJob
from tests.conftest import api_for

pytestmark = pytest.mark.django_db
MINE = {"X-Request-ID": "desk-7.1:a/b=c"}


def test_id_of_the_caller_is_kept_told_and_written_down(acme, admin_user, in_acme):
    api = api_for(acme, admin_user)
    made = api.post("/api/v1/prompts/", {"name": "Letter", "text": "Write."}, format="json", headers=MINE)
    assert made.status_code == 201 and made["X-Request-ID"] == MINE["X-Request-ID"]
    assert AuditEvent.objects.filter(correlation_id=MINE["X-Request-ID"]).exists()
    refused = api.post("/api/v1/prompts/", {}, format="json", headers=MINE)
    assert refused.json()["request_id"] == MINE["X-Request-ID"]


@pytest.mark.parametrize("bad", ["x" * 65, "a b", "ä", "<b>", ""])
def test_what_is_no_id_is_replaced(acme, bad):
    answer = Client(HTTP_HOST="acme.localhost").get("/api/v1/auth/me", headers={"X-Request-ID": bad})
    assert str(uuid.UUID(answer["X-Request-ID"])) == answer["X-Request-ID"] == answer.json()["request_id"]


def test_work_carries_the_id_of_what_led_to_it(acme, member, agent, work, monkeypatch, in_acme):
    """The job of a question, what it writes to the log, and the job that it enqueues in turn."""
    bound = []
    asked = api_for(acme, member).post(
        f"/api/v1/agents/{agent.pk}/chat", {"text": "Leave?"}, format="json", headers=MINE
    )
    assert asked.status_code == 202
    job = TenantJob.objects.get(object_id=asked.json()["run"])
    assert job.correlation_id == MINE["X-Request-ID"]
    from apps.jobs import worker

    real = worker._work
    monkeypatch.setattr(
        worker, "_work", lambda claim: (bound.append(structlog.contextvars.get_contextvars()), real(claim))
    )
    work("agents")
    assert bound[0]["request_id"] == MINE["X-Request-ID"] and bound[0]["job"] == str(job.pk)
    assert "request_id" not in structlog.contextvars.get_contextvars()


@pytest.mark.parametrize("path", ["/api/v1/agents/", "/agents/"])
def test_fault_of_ours_names_the_id_and_nothing_else(acme, member, monkeypatch, path):
    from apps.agents.models import Agent
    from tests.conftest import client_for

    def broken(*args, **kwargs):
        raise RuntimeError("secret of the tenant")

    with tenant_context(acme):
        client = api_for(acme, member) if path.startswith("/api/") else client_for(acme, member)
    client.raise_request_exception = False
    monkeypatch.setattr(Agent.objects, "usable_by", broken)
    answer = client.get(path, headers=MINE)
    assert answer.status_code == 500 and answer["X-Request-ID"] == MINE["X-Request-ID"]
    assert MINE["X-Request-ID"] in answer.content.decode() and b"secret" not in answer.content
    if path.startswith("/api/"):
        assert answer.json()["type"].endswith("#fault")
