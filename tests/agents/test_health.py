"""How an agent fares: counted over a week, without whose runs they were, for those who may change it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.agents.models import Run
from apps.agents.services import runs
from apps.agents.services.health import health_of
from apps.audit.models import SecurityEvent
from apps.tenants.options import FAILING_PERCENT
from tests.standin.server import fails
from apps.core.errors import Forbidden
from tests.conftest import api_for, client_for


def add(agent, state, *, took_s=None, days=0, error=""):
    now = timezone.now()
    run = Run.objects.create(agent=agent, state=state, title="x", question="x", error=error)
    started = now - timedelta(seconds=took_s or 0) if took_s is not None else None
    Run.objects.filter(pk=run.pk).update(created_at=now - timedelta(days=days), started_at=started, finished_at=now)


def test_a_week_is_counted(agent, admin_user):
    for took_s in (1, 2, 3, 100):
        add(agent, "succeeded", took_s=took_s)
    for error in ("No key.", "No key.", "Too slow."):
        add(agent, "failed", error=error)
    for state, days in (("cancelled", 0), ("waiting", 0), ("failed", 8), ("running", 0)):
        add(agent, state, days=days)
    health = health_of(actor=admin_user, agent=agent)
    assert (health.ended, health.failed, health.failed_percent, health.waiting) == (7, 3, 43, 1)
    assert (round(health.median_s, 1), round(health.p95_s)) == (2.5, 85)
    assert health.reasons == [("No key.", 2), ("Too slow.", 1)]
    assert (health.model.name, health.breaker.state) == ("extractive", "closed")


def test_nothing_yet(agent, admin_user, acme):
    health = health_of(actor=admin_user, agent=agent)
    assert (health.ended, health.failed_percent, health.median_s, health.reasons) == (0, 0, None, [])
    assert "Nobody asked it" in client_for(acme, admin_user).get(f"/agents/{agent.pk}/health/").content.decode()


def test_page_and_api_tell_the_same(agent, admin_user, acme):
    add(agent, "succeeded", took_s=2)
    add(agent, "dead", error="The worker died 3 times on the same step.")
    page = client_for(acme, admin_user).get(f"/agents/{agent.pk}/health/").content.decode()
    told = api_for(acme, admin_user).get(f"/api/v1/agents/{agent.pk}/health").json()
    assert "The worker died 3 times" in page and "1 (50 %)" in page
    assert (told["failed"], told["failed_percent"], told["breaker"], told["reasons"][0]["count"]) == (
        1,
        50,
        "closed",
        1,
    )


def test_members_do_not_see_it(agent, member):
    with pytest.raises(Forbidden):
        health_of(actor=member, agent=agent)


def fail(agent, member, scripted, work):
    scripted.script(fails(401))
    run = runs.start_run(actor=member, agent=agent, question="Well?")
    work("agents")
    run.refresh_from_db()
    assert run.state == "failed"


def test_agent_that_fails_too_often_is_a_security_event(agent, member, admin_user, scripted, work):
    for _ in range(5):
        add(agent, "succeeded", took_s=1)
    for _ in range(4):
        add(agent, "failed")
    add(agent, "failed", days=2)
    assert not SecurityEvent.objects.filter(kind="agent.failing").exists(), "nothing has just failed"
    fail(agent, member, scripted, work)
    event = SecurityEvent.objects.get(kind="agent.failing")
    assert (event.subject, event.details) == (agent.name, {"ended": 10, "failed": 5})
    fail(agent, member, scripted, work)
    assert SecurityEvent.objects.get(kind="agent.failing").count == 2, "counted by the hour, not told each time"


def test_alert_is_set_by_agent_or_off(agent, member, admin_user, scripted, work):
    for _ in range(9):
        add(agent, "failed")
    runs.set_agent_option(actor=admin_user, agent=agent, option=FAILING_PERCENT, value=0)
    fail(agent, member, scripted, work)
    assert not SecurityEvent.objects.filter(kind="agent.failing").exists()
