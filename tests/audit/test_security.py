"""What deserves a look is counted by the hour, grows in severity, is told to those who asked, and stays until somebody handled it."""

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from apps.accounts import actions
from apps.accounts.roles import group_for
from apps.accounts.services import members
from apps.audit.actions import LIMITED, REFUSED, Action, Severity
from apps.audit.models import Alert, AlertChannel, AuditEvent, SecurityEvent
from apps.audit.services import alerts, security
from apps.audit.services.trail import record
from apps.audit.watch import notice
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.tenancy import public_context, tenant_context
from apps.jobs.models import Job
from tests.conftest import PASSWORD, api_for, client_for

GROWING = Action("test.growing", "grew", Severity.LOW, grows_at=(2, 3))


def only():
    return SecurityEvent.objects.get()


# -- counting


def test_what_happens_again_within_the_hour_is_counted_and_grows(in_acme, member):
    seen = [notice(GROWING, actor=member).severity for _ in range(4)]
    assert seen == [Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.HIGH]
    event = only()
    assert (event.count, event.severity, event.actor_id, event.who) == (4, 3, str(member.pk), "Mo Member")


def test_others_and_other_hours_are_counted_apart(in_acme, member, admin_user):
    notice(GROWING, actor=member)
    notice(GROWING, actor=admin_user)
    notice(GROWING, subject="a@b.example")
    notice(GROWING, subject="A@b.example")
    assert SecurityEvent.objects.count() == 3


def test_a_handled_one_that_goes_on_is_open_again(in_acme, member, admin_user):
    event = notice(GROWING, actor=member)
    security.handle(actor=admin_user, event=event, note="called  them")
    assert (only().handled_by, only().note) == ("Ada Admin", "called them")
    notice(GROWING, actor=member)
    assert only().handled_at is None


def test_an_action_with_a_severity_is_an_event_too(in_acme, admin_user, member):
    record(actions.MFA_RESET, actor=admin_user, target=member)
    assert (only().kind, only().subject, only().actor_name) == ("member.mfa_reset", "Mo Member", "Ada Admin")
    assert AuditEvent.objects.filter(action="member.mfa_reset").count() == 1


def test_an_action_without_one_is_none():
    with pytest.raises(ValueError):
        actions.SIGNED_IN.severity_at(1)


# -- where events come from


def test_refusals_of_pages_and_api(acme, member, member_client, api):
    assert member_client.get("/members/").status_code == 403
    time.sleep(1.1)  # one a second is counted
    assert api.get("/api/v1/audit/").status_code == 403
    with tenant_context(acme):
        assert (only().kind, only().count, only().details["path"]) == ("security.refused", 2, "/api/v1/audit/")
        assert only().actor_name == "Mo Member"


def test_limits_that_are_hit(acme, api, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"user": 1}
    assert [api.get("/api/v1/auth/me").status_code for _ in range(20)].count(429) >= 18  # a minute may end in between
    with tenant_context(acme):
        assert (only().kind, only().subject or only().actor_name) == (LIMITED.name, "Mo Member")
        assert only().count <= 3  # one a second


def test_a_wrong_key_is_noticed_and_no_key_is_not(acme, visitor):
    assert visitor.get("/api/v1/auth/me").status_code == 401
    assert visitor.get("/api/v1/auth/me", HTTP_AUTHORIZATION="Bearer gh_acme_x_y").status_code == 401
    with tenant_context(acme):
        assert (only().kind, only().subject) == ("security.credential_refused", "127.0.0.1")


def test_many_addresses_that_are_not_there(acme, member_client):
    for _ in range(20):
        assert member_client.get("/nothing/").status_code == 404
    with tenant_context(acme):
        assert SecurityEvent.objects.count() == 0
    member_client.get("/nothing/")
    with tenant_context(acme):
        assert only().kind == "security.probed"


def test_the_answer_stands_when_the_note_fails(acme, member_client, monkeypatch):
    def fail(*args, **kwargs):
        raise DatabaseError("away")

    monkeypatch.setattr("apps.audit.middleware.notice", fail)
    monkeypatch.setattr("apps.audit.middleware.count", fail)
    assert member_client.get("/members/").status_code == 403


def sign_in(tenant, password=PASSWORD, address="198.51.100.7", email="member@acme.example"):
    data = {"login": email, "password": password}
    return client_for(tenant).post("/accounts/login/", data, REMOTE_ADDR=address)


def test_failed_sign_ins_and_success_after_them(acme, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "100/5m/key"}
    for _ in range(5):
        assert sign_in(acme, "wrong").status_code == 200
    with tenant_context(acme):
        assert (only().kind, only().subject, only().count) == ("account.sign_in_failed", "member@acme.example", 5)
    assert sign_in(acme).status_code == 302
    with tenant_context(acme):
        assert SecurityEvent.objects.get(severity=Severity.HIGH).kind == "account.sign_in_after_failures"


def test_passwords_of_many_people_from_one_place(acme, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "100/m/ip", "login_failed": "100/5m/key"}
    for n in range(31):
        sign_in(acme, "wrong", email=f"person{n}@acme.example")
    with tenant_context(acme):
        assert SecurityEvent.objects.get(kind="account.passwords_sprayed").subject == "198.51.100.7"


def test_a_network_that_is_new_is_noticed_and_told_to_the_person(acme):
    assert sign_in(acme).status_code == 302  # the first of all is nothing unusual
    assert sign_in(acme, address="198.51.100.200").status_code == 302  # neither is the same network
    with tenant_context(acme):
        assert SecurityEvent.objects.count() == 0
    assert sign_in(acme, address="203.0.113.5").status_code == 302
    with tenant_context(acme):
        assert (only().kind, only().details) == ("account.sign_in_unusual", {"address": "203.0.113.5"})
    assert mail.outbox[-1].to == ["member@acme.example"] and "203.0.113.5" in mail.outbox[-1].body
    assert sign_in(acme, address="203.0.113.9").status_code == 302
    with tenant_context(acme):
        assert only().count == 1


def test_an_owner_who_is_appointed(in_acme, admin_user, member):
    members.set_roles(actor=admin_user, user=member, roles=[group_for("owner")])
    assert (only().kind, only().subject) == ("member.owner_appointed", "Mo Member")


def test_a_broken_chain_is_critical(in_acme, member):
    from tests.audit.test_audit import seal, tamper

    record(REFUSED, actor=member)
    seal()
    tamper("DELETE FROM audit_auditevent WHERE seq = (SELECT max(seq) FROM audit_auditevent)")
    with pytest.raises(CommandError):
        call_command("audit_verify", "--tenant", "acme")
    assert SecurityEvent.objects.get(kind="audit.broken").severity == Severity.CRITICAL


# -- alerts


@pytest.fixture
def webhook(in_acme, admin_user, receiver, settings):
    settings.PROVIDER_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    url = f"http://127.0.0.1:{receiver.server_port}/alerts"
    return alerts.add_channel(actor=admin_user, kind="webhook", target=url, least=Severity.MEDIUM)


def test_an_alert_by_webhook_is_signed(webhook, receiver, member, work):
    notice(GROWING, actor=member)
    assert Alert.objects.count() == 0
    notice(GROWING, actor=member)
    notice(GROWING, actor=member)
    notice(GROWING, actor=member)
    work("agents")
    assert [a.state for a in Alert.objects.all()] == ["sent", "sent"]
    assert sorted(json.loads(body)["data"]["severity"] for _, body in receiver.got) == ["high", "medium"]
    headers, body = receiver.got[0]
    names = {name.lower(): value for name, value in headers.items()}
    signed = f"{names['webhook-id']}.{names['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(webhook.secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert names["webhook-signature"] == f"v1,{expected}"
    data = json.loads(body)["data"]
    assert (data["kind"], data["actor"]["name"], data["organisation"]) == ("test.growing", "Mo Member", "acme")
    assert webhook.secret not in webhook.channel.sealed_secret


def test_a_receiver_that_fails_is_tried_again_then_told_and_sent_again(webhook, receiver, member, admin_user, work):
    receiver.status = 500
    notice(GROWING, actor=member)
    notice(GROWING, actor=member)
    for _ in range(4):
        work("agents")
        with public_context():
            Job.objects.filter(kind="audit.alert").update(not_before=timezone.now() - timedelta(hours=1))
    alert = Alert.objects.get()
    assert (alert.state, alert.error, len(receiver.got)) == ("failed", "The receiver answered 500.", 4)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    receiver.status = 200
    alerts.send_again(actor=admin_user, alert=alert)
    work("agents")
    alert.refresh_from_db()
    assert (alert.state, alert.error) == ("sent", "")
    with pytest.raises(Conflict):
        alerts.send_again(actor=admin_user, alert=alert)


def test_an_alert_by_mail_speaks_the_language_of_who_asked(in_acme, admin_user, member, work):
    alerts.add_channel(actor=admin_user, kind="email", target="soc@acme.example", least=Severity.LOW, language="de")
    with bound_contextvars(ip="203.0.113.5"):
        notice(REFUSED, actor=member)
    work("agents")
    sent = mail.outbox[-1]
    assert sent.to == ["soc@acme.example"] and "Sicherheitsereignis" in sent.subject and "203.0.113.5" in sent.body
    assert "/security/" in sent.body and sent.alternatives


def test_a_removed_channel_gets_nothing_more(webhook, receiver, admin_user, member, work):
    notice(GROWING, actor=member)
    notice(GROWING, actor=member)
    alerts.remove_channel(actor=admin_user, channel=webhook.channel)
    work("agents")
    assert receiver.got == []


def test_a_full_queue_does_not_hide_what_happened(webhook, member, settings):
    settings.JOB_TENANT_QUEUE_LIMIT = 0
    notice(GROWING, actor=member)
    notice(GROWING, actor=member)
    assert only().count == 2
    assert Alert.objects.get().state == "failed"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("email", "nobody"),
        ("webhook", "ftp://example.com/"),
        ("webhook", "http://169.254.169.254/latest/"),
        ("webhook", "http://localhost/x"),
        ("webhook", "http://user:pw@example.com/"),
        ("webhook", "https://example.com/" + "x" * 300),
    ],
)
def test_addresses_that_may_not_be(kind, target, in_acme, admin_user):
    with pytest.raises(InvalidInput) as caught:
        alerts.add_channel(actor=admin_user, kind=kind, target=target)
    assert caught.value.field == "target" and AlertChannel.objects.count() == 0


def test_the_same_address_once_and_not_too_many(in_acme, admin_user):
    alerts.add_channel(actor=admin_user, kind="email", target="a@b.example")
    with pytest.raises(Conflict):
        alerts.add_channel(actor=admin_user, kind="email", target="a@b.example")
    for n in range(19):
        alerts.add_channel(actor=admin_user, kind="email", target=f"a{n}@b.example")
    with pytest.raises(InvalidInput):
        alerts.add_channel(actor=admin_user, kind="email", target="last@b.example")


def test_a_new_organisations_owner_is_told(db):
    from apps.tenants.services import provision_tenant
    from apps.tenants.types import Owner

    tenant = provision_tenant(slug="watched", name="Watched", owner=Owner("olga@watched.example", "Olga", "", ""))
    with tenant_context(tenant):
        assert AlertChannel.objects.get().target == "olga@watched.example"


def test_secrets_of_webhooks_rotate(webhook, settings):
    from apps.core import credentials

    settings.CREDENTIAL_KEYS = ["new", *settings.CREDENTIAL_KEYS]
    assert credentials.rotate() >= 1
    assert AlertChannel.objects.get().secret() == webhook.secret


# -- who may, and how it is read


def test_members_neither_see_nor_handle(in_acme, member):
    event = notice(GROWING, actor=member)
    for call in (
        lambda: security.handle(actor=member, event=event),
        lambda: security.reopen(actor=member, event=event),
        lambda: security.open_by_severity(member),
        lambda: security.by_day(member),
        lambda: alerts.add_channel(actor=member, kind="email", target="a@b.example"),
    ):
        with pytest.raises(Forbidden):
            call()


def test_an_auditor_sees_and_does_not_handle(in_acme, acme):
    auditor = members.create_user(email="audrey@acme.example", name="Audrey", password=PASSWORD, role="auditor")
    event = notice(GROWING, actor=auditor)
    with tenant_context(None):
        page = client_for(acme, auditor).get("/security/")
        assert page.status_code == 200 and b"Audrey" in page.content and b"/handle/" not in page.content
        refused = client_for(acme, auditor).post(f"/security/{event.pk}/handle/")
    assert refused.status_code == 403


def test_page_filters_and_handles(acme, admin_user, admin_client, in_acme, member):
    notice(GROWING, actor=member)
    event = notice(LIMITED, subject="192.0.2.1")
    with tenant_context(None):
        assert b"192.0.2.1" not in admin_client.get("/security/?kind=test.growing").content
        assert b"192.0.2.1" not in admin_client.get("/security/?severity=2").content
        assert b"192.0.2.1" in admin_client.get("/security/?q=192.0.2&severity=x").content
        assert admin_client.post(f"/security/{event.pk}/handle/", {"note": "a partner"}).status_code == 302
        assert b"192.0.2.1" not in admin_client.get("/security/").content
        assert b"a partner" in admin_client.get("/security/?state=handled").content
        assert admin_client.post(f"/security/{event.pk}/handle/", {"undo": "1"}).status_code == 302
    event.refresh_from_db()
    assert event.handled_at is None
    assert AuditEvent.objects.filter(action="security.read").count() == 5


def test_a_page_with_many_events_asks_no_more_of_the_database(acme, admin_client, django_assert_max_num_queries):
    with tenant_context(acme):
        for n in range(40):
            notice(GROWING, subject=f"person{n}")
    admin_client.get("/security/")
    with django_assert_max_num_queries(16):
        assert admin_client.get("/security/").content.decode().count("person") >= 30


def test_api(acme, admin_user, in_acme, member):
    event = notice(GROWING, actor=member)
    with tenant_context(None):
        api = api_for(acme, admin_user)
        found = api.get("/api/v1/security-events/?severity=low&state=open").json()["results"]
        assert [(e["id"], e["severity"], e["count"]) for e in found] == [(str(event.pk), "low", 1)]
        assert api.get("/api/v1/security-events/?severity=dreadful").status_code == 422
        assert api.get("/api/v1/security-events/summary").json()["open"]["low"] == 1
        path = f"/api/v1/security-events/{event.pk}"
        assert api.patch(path, {"is_handled": True, "note": "ok"}).json()["handled_by"] == "Ada Admin"
        assert api.get("/api/v1/security-events/summary").json()["open"]["low"] == 0
        assert api.patch(path, {"is_handled": False}).json()["handled_at"] is None


def test_channels_by_api(acme, admin_user, in_acme, work):
    with tenant_context(None):
        api = api_for(acme, admin_user)
        made = api.post("/api/v1/alert-channels/", {"kind": "email", "target": "soc@acme.example", "least": "low"})
        assert (made.status_code, made.json()["secret"], made.json()["channel"]["least"]) == (201, "", "low")
        path = f"/api/v1/alert-channels/{made.json()['channel']['id']}"
        assert api.post(f"{path}/test").status_code == 202
    work("agents")
    with tenant_context(None):
        assert [a["state"] for a in api.get(f"{path}/alerts").json()["results"]] == ["sent"]
        assert api.post("/api/v1/alert-channels/", {"kind": "pigeon", "target": "x"}).status_code == 422
        assert api.delete(path).status_code == 204
    assert mail.outbox[-1].to == ["soc@acme.example"]


def test_channels_by_page(admin_client, in_acme, settings):
    settings.PROVIDER_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with tenant_context(None):
        page = admin_client.post("/security/alerts/", {"kind": "webhook", "target": "http://127.0.0.1/x", "least": "2"})
    secret = AlertChannel.objects.get().secret()
    assert secret in page.content.decode() and page["Cache-Control"] == "no-store"
    with tenant_context(None):
        assert secret not in admin_client.get("/security/alerts/").content.decode()
        again = admin_client.post("/security/alerts/", {"kind": "email", "target": "nobody", "least": "2"})
        assert again.status_code == 422 and b"aria-invalid" in again.content


def test_in_the_administration(admin_client, in_acme, member):
    event = notice(GROWING, actor=member)
    with tenant_context(None):
        assert b"test.growing" in admin_client.get("/admin/audit/securityevent/").content
        data = {"action": "mark_handled", "_selected_action": [str(event.pk)]}
        assert admin_client.post("/admin/audit/securityevent/", data).status_code == 302
    event.refresh_from_db()
    assert event.handled_by == "Ada Admin"
