"""A project's figures: outcome, tokens, money and time of its runs, by agent, person and day, for those who manage it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.accounts.services.sharing import share
from apps.agents.models import Agent, Run
from apps.agents.services.analytics import analytics_of
from apps.audit.models import AuditEvent
from apps.core.errors import Forbidden
from apps.core.tenancy import tenant_context
from apps.projects.models import Project
from apps.usage.models import UsageRecord
from tests.conftest import api_for, client_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(in_acme, admin_user, member, agent):
    """Two agents and two people: three runs that ended well (1, 2 and 9 s), one that failed, one that is open, and one of long ago."""
    project = Project.objects.create(name="Relocation")
    share(actor=None, shared=project, to=admin_user, level="manage")
    other = Agent.objects.create(name="=Planner", instructions="Plan.")
    now = timezone.now()

    def run(whose, by, state, took_s, *, ago=timedelta(0), cost="0", **values):
        row = Run.objects.create(
            agent=by,
            started_by=whose,
            project=project,
            state=state,
            title="x",
            question="x",
            input_tokens=100,
            output_tokens=10,
            started_at=now - ago,
            finished_at=now - ago + timedelta(seconds=took_s),
            **values,
        )
        Run.objects.filter(pk=row.pk).update(created_at=now - ago)
        record = UsageRecord.objects.create(
            key=str(row.pk),
            user=whose,
            agent_id=by.pk,
            project_id=project.pk,
            run_id=row.pk,
            provider_name="p",
            model_name="m",
            cost=Decimal(cost),
        )
        UsageRecord.objects.filter(pk=record.pk).update(created_at=now - ago)

    run(member, agent, "succeeded", 1, cost="0.10")
    run(member, agent, "succeeded", 2, cost="0.20")
    run(admin_user, agent, "succeeded", 9, ago=timedelta(days=3), cost="0.30")
    run(admin_user, other, "failed", 4, cost="0.05")
    run(member, other, "running", 0)
    run(member, other, "succeeded", 5, ago=timedelta(days=45), cost="7")
    run(member, other, "succeeded", 5, is_trial=True)
    return project


def told(lines):
    return {
        line.label: (
            line.sums.calls,
            line.succeeded,
            line.failed,
            line.sums.input_tokens,
            line.sums.cost,
            line.median_s,
        )
        for line in lines
    }


def test_all_of_it(project, admin_user):
    found = analytics_of(actor=admin_user, project=project, days=30, by=["day"])
    days = found.lines["day"]
    assert told([found.total]) == {"–": (5, 3, 1, 500, Decimal("0.65"), 2.0)}
    assert (len(days), days[-1].day) == (30, timezone.localdate())
    assert [line.sums.calls for line in days][-4:] == [1, 0, 0, 4]
    assert sum(line.sums.cost for line in days) == Decimal("0.65")
    long = analytics_of(actor=admin_user, project=project, days=90, by=[])
    assert (long.total.sums.calls, long.total.sums.cost) == (6, Decimal("7.65"))


def test_by_agent_and_by_person(project, admin_user, member, agent):
    found = analytics_of(actor=admin_user, project=project, days=30, by=["agent", "person"])
    assert told(found.lines["agent"]) == {
        agent.name: (3, 3, 0, 300, Decimal("0.60"), 2.0),
        "=Planner": (2, 0, 1, 200, Decimal("0.05"), None),
    }
    assert told(found.lines["person"]) == {
        member.name: (3, 2, 0, 300, Decimal("0.30"), 1.5),
        admin_user.name: (2, 1, 1, 200, Decimal("0.35"), 9.0),
    }


def test_only_managers_see_it(project, member):
    share(actor=None, shared=project, to=member, level="use")
    with pytest.raises(Forbidden):
        analytics_of(actor=member, project=project, days=30, by=["agent"])


def test_page_csv_and_api_agree(project, acme, admin_user, member, agent):
    client, api = client_for(acme, admin_user), api_for(acme, admin_user)
    with tenant_context(None):
        page = client.get(f"/projects/{project.pk}/figures/?days=30&of=cost").content.decode()
        file = client.get(f"/projects/{project.pk}/figures.csv?by=agent&days=30")
        told = api.get(f"/api/v1/projects/{project.pk}/figures?by=person&days=30").json()
        wrong = api.get(f"/api/v1/projects/{project.pk}/figures?by=moon&days=0")
        days = client.get(f"/projects/{project.pk}/figures.csv?by=day&days=7").content.decode().splitlines()
    assert agent.name in page and member.name in page and 'class="b1"' in page
    rows = file.content.decode().splitlines()
    assert rows[0] == "id,name,runs,done,failed,input_tokens,output_tokens,cost,median_s"
    assert [row.split(",")[1:5] for row in rows[1:]] == [[agent.name, "3", "3", "0"], ["'=Planner", "2", "0", "1"]]
    assert (told["total"]["runs"], [line["name"] for line in told["lines"]]) == (5, [member.name, admin_user.name])
    assert (wrong.status_code, sorted(wrong.json()["errors"])) == (422, ["by", "days"])
    assert len(days) == 8
    assert AuditEvent.objects.filter(action="analytics.exported").count() == 2


def test_empty_project_says_so(in_acme, acme, admin_user):
    project = Project.objects.create(name="Quiet")
    with tenant_context(None):
        page = client_for(acme, admin_user).get(f"/projects/{project.pk}/figures/").content.decode()
    assert "Nothing ran in this time" in page
