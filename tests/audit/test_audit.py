"""The audit cannot be changed, shows when it was all the same, and is read by few, which it shows too."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.accounts.roles import group_for
from apps.accounts.services import members
from apps.audit import chain
from apps.audit.actions import Action
from apps.audit.models import AuditEvent, AuditHead
from apps.audit.services.trail import record
from apps.core.tenancy import tenant_context
from tests.conftest import PASSWORD, api_for, client_for

TRIED = Action("test.tried", "tried something")


def seal():
    """Run what PostgreSQL does when a transaction commits; a test's own never does."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def events(in_acme, member):
    """Five sealed events."""
    for n in range(5):
        record(TRIED, actor=member, target=member, before={"n": n}, after={"n": n + 1})
    seal()
    return list(AuditEvent.objects.filter(action="test.tried").order_by("seq"))


def tamper(statement, *parameters):
    """Do what somebody with the database's superuser could: switch the guards off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_events_are_numbered_and_whole(events):
    numbers = [event.seq for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert AuditHead.objects.get().seq == numbers[-1]
    assert list(chain.verify()) == []


@pytest.mark.parametrize("column", ["actor_name", "action", "target_id", "correlation_id"])
def test_a_changed_event_is_named(column, events):
    tamper(f"UPDATE audit_auditevent SET {column} = 'x' WHERE id = %s", events[2].pk)
    assert list(chain.verify()) == [chain.Fault(events[2].seq, "changed")]


def test_a_changed_detail_and_time_are_named(events):
    tamper("UPDATE audit_auditevent SET after = %s WHERE id = %s", '{"n": 99}', events[1].pk)
    tamper("UPDATE audit_auditevent SET at = at - interval '1 day' WHERE id = %s", events[3].pk)
    assert [fault.seq for fault in chain.verify()] == [events[1].seq, events[3].seq]


def test_an_event_taken_out_is_named(events):
    tamper("DELETE FROM audit_auditevent WHERE id = %s", events[2].pk)
    assert list(chain.verify()) == [chain.Fault(events[2].seq, "missing")]


def test_an_end_cut_off_is_named(events):
    tamper("DELETE FROM audit_auditevent WHERE seq >= %s", events[3].seq)
    assert list(chain.verify()) == [chain.Fault(events[3].seq, f"cut off: the chain went on to {events[4].seq}")]


def test_a_chain_made_anew_does_not_fit_the_head_that_was_kept(events):
    kept = str(chain.head())
    tamper("DELETE FROM audit_auditevent WHERE seq >= %s", events[3].seq)
    last = AuditEvent.objects.get(seq=events[2].seq)
    tamper("UPDATE audit_audithead SET seq = %s, hash = %s", last.seq, last.hash)
    assert list(chain.verify()) == []
    assert list(chain.verify(kept)) == [chain.Fault(events[4].seq, "not the event that was signed")]
    with pytest.raises(ValueError):
        list(chain.verify(kept[:-1] + ("0" if kept[-1] != "0" else "1")))


def test_a_head_of_one_tenant_is_none_of_another(events, globex):
    kept = str(chain.head())
    with tenant_context(globex), pytest.raises(ValueError):
        list(chain.verify(kept))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET actor_name = 'x'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
        "UPDATE audit_auditevent SET hash = NULL",
        "UPDATE audit_audithead SET seq = 0",
        "DELETE FROM audit_audithead",
        "TRUNCATE audit_audithead",
        "INSERT INTO audit_audithead (seq, hash) VALUES (0, '')",
    ],
)
def test_the_application_cannot_change_it(statement, events):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_chain_is_made_when_a_transaction_commits_even_from_outside(committed):
    from apps.core.tenancy import public_context
    from apps.tenants.hosts import tenant_for_slug

    acme = tenant_for_slug("acme")
    with public_context(), transaction.atomic():
        with tenant_context(acme):
            event = record(TRIED, actor=None)
    with tenant_context(acme):
        event.refresh_from_db()
        assert event.seq == AuditHead.objects.get().seq
        assert list(chain.verify()) == []


def test_command_tells_faults_and_heads(events, capsys):
    call_command("audit_verify", "--tenant", "acme")
    out = capsys.readouterr().out
    assert out.startswith("acme: whole, ")
    kept = out.split()[-1]
    call_command("audit_verify", "--tenant", "acme", "--head", kept)
    tamper("UPDATE audit_auditevent SET actor_name = 'x' WHERE id = %s", events[0].pk)
    with pytest.raises(CommandError, match="1 faults"):
        call_command("audit_verify")
    assert f"acme: event {events[0].seq}: changed" in capsys.readouterr().out


# -- reading


@pytest.fixture
def auditor(in_acme):
    return members.create_user(email="audrey@acme.example", name="Audrey", password=PASSWORD, role="auditor")


def test_reading_is_recorded(acme, auditor, events):
    with tenant_context(None):
        page = client_for(acme, auditor).get("/audit/?q=mo+tried&since=2020-01-01")
    assert page.status_code == 200 and page.content.decode().count("<li><span") == 5
    event = AuditEvent.objects.get(action="audit.read")
    assert (event.actor_id, event.after) == (str(auditor.pk), {"words": "mo tried", "since": "2020-01-01"})
    with tenant_context(None):
        api_for(acme, auditor).get("/api/v1/audit/?action=test.tried")
    assert AuditEvent.objects.filter(action="audit.read").count() == 2


def test_reading_in_the_administration_is_recorded(admin_client, in_acme):
    with tenant_context(None):
        assert admin_client.get("/admin/audit/auditevent/").status_code == 200
    assert AuditEvent.objects.filter(action="audit.read").count() == 1


def test_only_those_who_may_read_it(member_client, api, events):
    with tenant_context(None):
        assert member_client.get("/audit/").status_code == 403
        assert member_client.post("/audit/export/", {"format": "csv"}).status_code == 403
        assert api.get("/api/v1/audit/").status_code == 403
        assert api.post("/api/v1/audit/export", {}).status_code == 403


@pytest.mark.parametrize(
    ("narrow", "count"),
    [("action=test.tried", 5), ("q=nothing-like-it", 0), ("until=2020-01-01", 0), ("since=yesterday", 422)],
)
def test_search_by_api(narrow, count, acme, auditor, events):
    with tenant_context(None):
        answer = api_for(acme, auditor).get(f"/api/v1/audit/?{narrow}")
    if count == 422:
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["since"])
    else:
        assert len(answer.json()["results"]) == count


def test_search_by_actor_and_target(acme, auditor, events, member):
    with tenant_context(None):
        client = api_for(acme, auditor)
        of_member = client.get(f"/api/v1/audit/?actor={member.pk}&target={member.pk}").json()["results"]
    assert [e["after"] for e in of_member] == [{"n": n} for n in (5, 4, 3, 2, 1)]
    assert of_member[0]["before"] == {"n": 4}


def test_rows_of_a_file_hold_no_formula(events, in_acme):
    from apps.audit.exports import COLUMNS, as_csv, as_json_lines

    event = events[0]
    event.target_name = "=HYPERLINK(1)"
    row = dict(zip(COLUMNS, next(csv.reader(io.StringIO(as_csv([event]).decode()))), strict=True))
    assert row["target_name"] == "'=HYPERLINK(1)"
    assert json.loads(row["before"]) == {"n": 0}
    line = json.loads(as_json_lines([event]))
    assert (line["target_name"], line["seq"]) == ("=HYPERLINK(1)", event.seq)


def test_unknown_format_is_refused(acme, auditor):
    with tenant_context(None):
        answer = api_for(acme, auditor).post("/api/v1/audit/export", {"form": "xlsx"})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["form"])


def test_suspension_and_roles_are_written_with_before_and_after(admin_user, member, in_acme):
    members.set_roles(actor=admin_user, user=member, roles=[group_for("builder")])
    event = AuditEvent.objects.get(action="member.roles_changed")
    assert (event.before, event.after) == ({"roles": ["Member"]}, {"roles": ["Builder"]})


def test_what_a_key_did_names_the_key(acme, in_acme, admin_user):
    from apps.accounts.services import keys
    from rest_framework.test import APIClient

    made = keys.make_key(actor=admin_user, name="Nightly", scopes=["audit:read"])
    with tenant_context(None):
        client = APIClient(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {made.text}")
        assert client.get("/api/v1/audit/").status_code == 200
        found = api_for(acme, admin_user).get("/api/v1/audit/?q=Nightly&action=audit.read").json()["results"]
    assert [e["through"] for e in found] == [f"key:{made.key}"]
    assert AuditEvent.objects.get(action="api_key.made").through is None
    seal()
    assert list(chain.verify()) == []


# -- retention


@pytest.fixture
def old_events(in_acme, member, monkeypatch):
    """Five sealed events, the first three a hundred days old."""
    tamper("DELETE FROM audit_auditevent")
    tamper("UPDATE audit_audithead SET seq = 0, hash = sha256('')")
    for n in range(5):
        monkeypatch.setattr(timezone, "now", lambda n=n: datetime.now(UTC) - timedelta(days=100 if n < 3 else 0))
        record(TRIED, actor=member, after={"n": n})
    monkeypatch.undo()
    seal()
    return list(AuditEvent.objects.filter(action="test.tried").order_by("seq"))


def days_ago(days):
    return timezone.now() - timedelta(days=days)


def test_old_events_are_let_go_and_the_chain_stays_whole(old_events):
    kept = str(chain.head())
    assert chain.let_go(days_ago(95)) == 3
    assert [event.seq for event in AuditEvent.objects.order_by("seq")] == [4, 5]
    assert list(chain.verify()) == [] and list(chain.verify(kept)) == []
    assert chain.let_go(days_ago(95)) == 0
    tamper("DELETE FROM audit_auditevent WHERE seq = 4")
    assert list(chain.verify()) == [chain.Fault(4, "missing")]


def test_a_head_from_before_the_cut_proves_nothing_and_harms_nothing(old_events):
    from apps.audit.models import AuditHead

    event = old_events[1]
    early = chain.Head(event.seq, bytes(event.hash).hex(), chain._signature(event.seq, bytes(event.hash).hex()))
    assert list(chain.verify(str(early))) == []
    chain.let_go(days_ago(95))
    assert list(chain.verify(str(early))) == [] and AuditHead.objects.get().seq == 5


def test_the_database_keeps_what_is_younger_than_90_days(old_events):
    with pytest.raises(DatabaseError, match="kept for 90 days"), transaction.atomic():
        chain.let_go(days_ago(0))
    assert AuditEvent.objects.count() == 5


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_auditcut",
        "UPDATE audit_auditcut SET seq = 4",
        "TRUNCATE audit_auditcut",
        "INSERT INTO audit_auditcut (seq, hash, signature, made_at) VALUES (4, 'x', 'x', now())",
        "DELETE FROM audit_auditevent WHERE seq = 4",
    ],
)
def test_a_cut_cannot_be_undone_or_made_up(statement, old_events):
    chain.let_go(days_ago(95))
    with pytest.raises(DatabaseError, match="audit events are"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_cut_that_somebody_forged_is_named(old_events):
    tamper(
        "INSERT INTO audit_auditcut (seq, hash, signature, made_at) SELECT 4, hash, 'x', now() FROM audit_auditevent WHERE seq = 4"
    )
    tamper("DELETE FROM audit_auditevent WHERE seq <= 4")
    assert [fault.seq for fault in chain.verify()] == [4]


def test_command_lets_go_as_each_organisation_says(old_events, acme, admin_user, capsys):
    from apps.tenants.options import AUDIT_DAYS
    from apps.tenants.services import set_option

    call_command("audit_prune")
    assert "acme: 0 let go, 3650 days are kept" in capsys.readouterr().out
    set_option(actor=admin_user, option=AUDIT_DAYS, value=95)
    call_command("audit_prune")
    assert "acme: 3 let go, 95 days are kept" in capsys.readouterr().out
    assert AuditEvent.objects.get(action="audit.let_go").after == {"events": 3, "older than days": 95}


def test_a_new_organisation_has_the_guards_too(db):
    from apps.tenants.services import provision_tenant

    tenant = provision_tenant(slug="pruned", name="Pruned")
    with tenant_context(tenant):
        record(TRIED, actor=None)
        seal()
        with pytest.raises(DatabaseError, match="kept for 90 days"), transaction.atomic():
            chain.let_go(timezone.now() + timedelta(days=1))
