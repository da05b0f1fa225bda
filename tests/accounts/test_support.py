"""The platform's support: let in by the organisation, for a time, with one role, seen in the audit, out at once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.services import keys, members, support
from apps.accounts.services.directory import people
from apps.audit.models import AuditEvent, SecurityEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from apps.core.tenancy import PUBLIC, public_context, tenant_context
from apps.tenants.models import SupportAccess
from tests.conftest import PASSWORD, api_for


@pytest.fixture
def operator(db):
    return members.create_operator(email="op@platform.example", name="Olga Operator", password=PASSWORD)


@pytest.fixture
def access(in_acme, admin_user):
    return support.allow(actor=admin_user, role="auditor", hours=4, reason="The queue  stands")


@pytest.fixture
def platform(operator):
    client = Client(HTTP_HOST="localhost")
    with tenant_context(PUBLIC):
        client.force_login(operator)
    return client


def path_of(url):
    assert url.startswith("http://acme.localhost")
    return "/support/" + url.partition("/support/")[2]


@pytest.fixture
def visit(access, operator):
    """A browser in which the operator has entered acme."""
    with tenant_context(None):
        client = Client(HTTP_HOST="acme.localhost")
        path = path_of(support.ticket_for(operator=operator, access=access))
        assert client.get(path).status_code == 200
        assert client.post(path).status_code == 302
    return client


def get(client, path):
    with tenant_context(None):
        return client.get(path)


def test_nobody_comes_in_unasked(acme, operator, platform):
    assert platform.get("/operations/").status_code == 200
    with public_context():
        ended = SupportAccess.objects.create(
            tenant=acme, role="auditor", reason="x", given_by="x", expires_at=timezone.now() - timedelta(seconds=1)
        )
    assert platform.post(f"/operations/support/{ended.pk}/").status_code == 404
    with pytest.raises(NotFound):
        support.ticket_for(operator=operator, access=ended)


def test_from_the_operations_page_to_the_organisation(access, platform):
    with tenant_context(None):
        assert "The queue stands" in platform.get("/operations/").content.decode()
        page = platform.post(f"/operations/support/{access.pk}/").content.decode()
    url = page.partition('href="http://acme')[2].partition('"')[0]
    with tenant_context(None):
        client = Client(HTTP_HOST="acme.localhost")
        path = "/support/" + url.partition("/support/")[2]
        assert "The queue stands" in client.get(path).content.decode()
        assert client.post(path).status_code == 302
        assert "as support" in client.get("/").content.decode()


def test_it_may_what_the_role_may_and_leaves_its_name(visit, access):
    assert get(visit, "/audit/").status_code == 200
    assert get(visit, "/settings/").status_code == 403
    account = User.objects.exclude(operator_id=None).get()
    event = AuditEvent.objects.get(action="audit.read", actor_id=str(account.pk))
    assert (event.actor_kind, event.actor_name) == ("operator", "Olga Operator (Support)")
    entered = AuditEvent.objects.get(action="support.entered")
    assert (entered.target_id, entered.after["reason"]) == (str(access.pk), "The queue stands")
    assert SecurityEvent.objects.get(kind="support.entered").severity == 3
    with public_context():
        assert AuditEvent.objects.filter(action="support.entered", actor_kind="operator").count() == 1


def test_a_ticket_is_good_once_and_here_alone(access, operator, globex):
    ticket = path_of(support.ticket_for(operator=operator, access=access)).split("/")[2]
    with tenant_context(globex), pytest.raises(NotFound):
        support.peek(ticket)
    support.peek(ticket)
    support.enter(ticket)
    with pytest.raises(NotFound):
        support.enter(ticket)
    with pytest.raises(NotFound):
        support.enter(ticket[:-2] + "xx")


def test_a_ticket_runs_out(access, operator, monkeypatch):
    ticket = path_of(support.ticket_for(operator=operator, access=access)).split("/")[2]
    monkeypatch.setattr(support, "TICKET_S", -1)
    with pytest.raises(NotFound):
        support.peek(ticket)


def test_an_operator_who_was_removed_does_not_enter(access, operator):
    ticket = path_of(support.ticket_for(operator=operator, access=access)).split("/")[2]
    with public_context():
        User.objects.filter(pk=operator.pk).update(is_active=False)
    with pytest.raises(NotFound):
        support.enter(ticket)


def test_ending_puts_it_out_at_once(visit, access, admin_user):
    assert get(visit, "/").status_code == 200
    support.end(actor=admin_user, access=access)
    assert get(visit, "/").status_code == 302
    with public_context():
        assert not SupportAccess.objects.open().exists()
    assert AuditEvent.objects.filter(action="support.ended").count() == 1


def test_the_visit_ends_with_the_access(visit, access):
    from django.contrib.sessions.models import Session

    session = Session.objects.order_by("expire_date").last()
    assert abs(session.expire_date - access.expires_at) < timedelta(seconds=2)
    get(visit, "/")
    session.refresh_from_db()
    assert abs(session.expire_date - access.expires_at) < timedelta(seconds=2)
    Session.objects.filter(pk=session.pk).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert get(visit, "/").status_code == 302


def test_its_account_is_nobodys_to_use(visit, access, admin_user, acme):
    account = User.objects.exclude(operator_id=None).get()
    with pytest.raises(Forbidden):
        keys.make_key(actor=account, name="Stay", scopes=["audit:read"])
    with pytest.raises(Forbidden):
        keys.make_key(actor=admin_user, name="Stay", scopes=["audit:read"], account=account)
    support.end(actor=admin_user, access=access)
    account.refresh_from_db()
    for change in ({"is_active": True}, {"roles": [members.group_for("owner")]}):
        with pytest.raises(Forbidden):
            members.change_member(actor=admin_user, user=account, **change)
    assert account not in people()
    with tenant_context(None):
        from tests.conftest import client_for

        page = client_for(acme, admin_user).get(f"/admin/accounts/user/{account.pk}/password/")
    assert page.status_code == 403
    assert not account.has_usable_password() and account.email.endswith("@support.invalid")


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/keys/",
        "/oauth/authorize",
        "/accounts/2fa/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/password/change/",
    ],
)
def test_it_makes_itself_no_way_to_stay(path, visit):
    assert get(visit, path).status_code == 403


def test_its_account_signs_in_no_other_way(visit, access, rf):
    from allauth.account.adapter import get_adapter

    account = User.objects.exclude(operator_id=None).get()
    answer = get_adapter().pre_login(rf.get("/"), account, signal_kwargs=None)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")


def test_a_second_visit_uses_the_same_account_with_the_new_role(visit, access, admin_user, operator):
    support.end(actor=admin_user, access=access)
    again = support.allow(actor=admin_user, role="builder", hours=1, reason="Mend the agent")
    user, _ = support.enter(path_of(support.ticket_for(operator=operator, access=again)).split("/")[2])
    assert User.objects.exclude(operator_id=None).count() == 1
    assert user.is_active and [group.role.key for group in user.groups.all()] == ["builder"]


@pytest.mark.parametrize(
    ("values", "field"), [({"reason": " "}, "reason"), ({"hours": 1000}, "hours"), ({"role": "owner"}, "role")]
)
def test_bad_input_is_refused(values, field, in_acme, admin_user):
    with pytest.raises(InvalidInput) as caught:
        support.allow(actor=admin_user, **({"role": "auditor", "hours": 1, "reason": "x"} | values))
    assert caught.value.field == field


def test_one_at_a_time_and_only_by_those_who_may(access, admin_user, member):
    with pytest.raises(Conflict):
        support.allow(actor=admin_user, role="auditor", hours=1, reason="More")
    admin = members.create_user(email="al@acme.example", name="Al", password=PASSWORD, role="admin")
    for user in (member, admin):
        with pytest.raises(Forbidden):
            support.allow(actor=user, role="auditor", hours=1, reason="x")
        with pytest.raises(Forbidden):
            support.end(actor=user, access=access)


def test_pages(admin_client, in_acme):
    def post(path="", **values):
        with tenant_context(None):
            return admin_client.post(f"/settings/support/{path}", values)

    assert post(reason="", role="auditor", hours="4").status_code == 422
    assert post(reason="Look", role="auditor", hours="4").status_code == 302
    assert post(reason="Look", role="auditor", hours="4").status_code == 409
    with public_context():
        access = SupportAccess.objects.get()
    assert "Look" in get(admin_client, "/settings/support/").content.decode()
    assert post(f"{access.pk}/end/").status_code == 302
    assert "Ended by you" in get(admin_client, "/settings/support/").content.decode()


def test_apis(acme, in_acme, admin_user, operator):
    with tenant_context(None):
        api = api_for(acme, admin_user)
        made = api.post("/api/v1/config/support", {"role": "auditor", "hours": 1, "reason": "Look"})
        assert (made.status_code, made.json()["is_open"]) == (201, True)
        ours = APIClient(HTTP_HOST="localhost")
        with tenant_context(PUBLIC):
            ours.force_login(operator)
        found = ours.get("/api/v1/platform/support").json()["results"]
        assert [(a["organisation"], a["reason"]) for a in found] == [("acme", "Look")]
        ticket = ours.post(f"/api/v1/platform/support/{made.json()['id']}/ticket")
        assert Client(HTTP_HOST="acme.localhost").get(path_of(ticket.json()["url"])).status_code == 200
        assert api.delete(f"/api/v1/config/support/{made.json()['id']}").status_code == 204
        assert ours.get("/api/v1/platform/support").json()["results"] == []
        assert [a["is_open"] for a in api.get("/api/v1/config/support").json()["results"]] == [False]


def test_anothers_access_is_not_ended(access, globex, admin_user):
    with tenant_context(globex):
        other = User.objects.get(email="admin@globex.example")
    with tenant_context(None):
        assert api_for(globex, other).delete(f"/api/v1/config/support/{access.pk}").status_code == 404
