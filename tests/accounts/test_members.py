"""Who belongs to a tenant and what they may do: invitations, roles, suspension, by page, API and administration."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.db import connection

from apps.accounts.models import Invitation, Role, User
from apps.accounts.roles import RIGHTS, SYSTEM_ROLES, group_for
from apps.accounts.services import members
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from apps.core.tenancy import tenant_context
from tests.conftest import PASSWORD, api_for, client_for


def person(login, role):
    return members.create_user(email=f"{login}@acme.example", name=login.title(), password=PASSWORD, role=role)


@pytest.fixture
def owner(in_acme, admin_user):
    return admin_user


@pytest.fixture
def administrator(in_acme):
    return person("rita", "admin")


@pytest.fixture
def auditor(in_acme):
    return person("audrey", "auditor")


def test_every_named_permission_exists(in_acme):
    existing = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
    named = {g for role in SYSTEM_ROLES.values() for g in role.grants if "*" not in g}
    assert named - existing == set()
    assert set(RIGHTS) - existing == set()


def test_roles_hold_what_the_table_says(in_acme):
    for key, role in SYSTEM_ROLES.items():
        held = {
            f"{p.content_type.app_label}.{p.codename}"
            for p in group_for(key).permissions.select_related("content_type")
        }
        assert held == {
            f"{p.content_type.app_label}.{p.codename}"
            for p in Permission.objects.select_related("content_type")
            if role.has(p.content_type.app_label, p.codename)
        }, key


def test_auditor_changes_nothing(auditor):
    changing = [
        p
        for p in auditor.get_all_permissions()
        if p.split(".")[1].split("_")[0] in ("add", "change", "delete", "manage", "use")
    ]
    assert changing == []


def test_people_from_before_roles_get_one(in_acme):
    from apps.accounts.roles import sync_roles

    root = User.objects.create_superuser("root@acme.example", PASSWORD, name="Root")
    plain = User.objects.create_user("plain@acme.example", PASSWORD, name="Plain")
    Role.objects.all().delete()
    sync_roles(apps.get_app_config("accounts"))
    assert [g.role.key for g in root.groups.all()] == ["owner"]
    assert [g.role.key for g in plain.groups.all()] == ["member"]


# -- invitations


@pytest.fixture
def invited(owner, django_capture_on_commit_callbacks):
    """An open invitation of new@acme.example as a builder, and the token of its link."""
    with django_capture_on_commit_callbacks(execute=True):
        invitation = members.invite(actor=owner, email=" New@acme.example", roles=[group_for("builder")])
    link = next(word for word in mail.outbox[-1].body.split() if word.startswith("http"))
    return invitation, link.rstrip("/").rsplit("/", 1)[1]


def test_invited_person_joins_and_is_in(invited, visitor):
    invitation, token = invited
    message = mail.outbox[-1]
    assert (message.to, message.subject) == (["new@acme.example"], "Acme Ltd invites you")
    assert token in message.alternatives[0].content
    assert Invitation.objects.filter(token_digest=token).count() == 0
    with tenant_context(None):
        assert b"new@acme.example" in visitor.get(f"/invitation/{token}/").content
        weak = visitor.post(f"/invitation/{token}/", {"name": "Nia New", "password": "short"})
        assert weak.status_code == 422 and b"Nia New" in weak.content
        assert visitor.post(f"/invitation/{token}/", {"name": "Nia New", "password": PASSWORD}).status_code == 302
        assert b"Nia" in visitor.get("/").content
        again = visitor.get(f"/invitation/{token}/")
    assert again.status_code == 404
    user = User.objects.get(email="new@acme.example")
    assert [g.role.key for g in user.groups.all()] == ["builder"]
    assert AuditEvent.objects.filter(action="member.joined", actor_id=str(user.pk)).exists()


def test_invitation_of_another_tenant_opens_nothing(invited, globex):
    with tenant_context(None):
        assert client_for(globex).get(f"/invitation/{invited[1]}/").status_code == 404


def test_invitation_runs_out(invited, settings):
    from django.utils import timezone

    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(NotFound):
        members.open_invitation(invited[1])


def test_new_invitation_replaces_the_former_one(invited, owner):
    members.invite_again(actor=owner, invitation=invited[0])
    assert Invitation.objects.count() == 1
    with pytest.raises(NotFound):
        members.open_invitation(invited[1])


def test_invitation_can_be_taken_back(invited, admin_client):
    with tenant_context(None):
        admin_client.post(f"/members/invitations/{invited[0].pk}/revoke/")
    with pytest.raises(NotFound):
        members.open_invitation(invited[1])


@pytest.mark.parametrize("email", ["nobody", "member@acme.example", "MEMBER@ACME.EXAMPLE", ""])
def test_bad_addresses_are_not_invited(email, owner):
    with pytest.raises(InvalidInput) as error:
        members.invite(actor=owner, email=email, roles=[group_for("member")])
    assert error.value.field == "email"


def test_page_tells_what_is_wrong_at_the_field(admin_client, in_acme):
    with tenant_context(None):
        nobody = admin_client.post("/members/invite/", {"email": "member@acme.example", "roles": [group_pk("member")]})
        roleless = admin_client.post("/members/invite/", {"email": "x@acme.example"})
    assert nobody.status_code == roleless.status_code == 422
    assert "has an account already" in nobody.content.decode()
    assert "Choose at least one role." in roleless.content.decode()


def group_pk(key):
    from apps.tenants.hosts import tenant_for_slug

    with tenant_context(tenant_for_slug("acme")):
        return group_for(key).pk


# -- roles


def test_roles_are_changed_and_written_down(owner, member):
    members.set_roles(actor=owner, user=member, roles=[group_for("builder"), group_for("auditor")])
    event = AuditEvent.objects.get(action="member.roles_changed")
    assert (event.before, event.after) == ({"roles": ["Member"]}, {"roles": ["Auditor", "Builder"]})


def test_nobody_gives_more_than_they_hold(administrator, member, owner):
    for act in (
        lambda: members.set_roles(actor=administrator, user=member, roles=[group_for("owner")]),
        lambda: members.set_roles(actor=administrator, user=owner, roles=[group_for("member")]),
        lambda: members.invite(actor=administrator, email="x@acme.example", roles=[group_for("owner")]),
        lambda: members.suspend(actor=administrator, user=owner),
    ):
        with pytest.raises(Forbidden):
            act()
    members.set_roles(actor=administrator, user=member, roles=[group_for("admin")])


def test_custom_role_that_holds_more_is_out_of_reach(administrator, member):
    group = Group.objects.create(name="Keeper")
    group.permissions.add(Permission.objects.get(codename="manage_owners"))
    with pytest.raises(Forbidden):
        members.set_roles(actor=administrator, user=member, roles=[group])


def test_members_manage_nobody(member, administrator, auditor):
    for actor in (member, auditor):
        with pytest.raises(Forbidden):
            members.set_roles(actor=actor, user=administrator, roles=[group_for("member")])
        with pytest.raises(Forbidden):
            members.suspend(actor=actor, user=administrator)


def test_last_owner_stays(owner, member):
    for act in (
        lambda: members.set_roles(actor=owner, user=owner, roles=[group_for("admin")]),
        lambda: members.suspend(actor=owner, user=owner),
    ):
        with pytest.raises(Conflict):
            act()
    owner.refresh_from_db()
    assert owner.is_active and owner.groups.get().role.key == "owner"
    members.set_roles(actor=owner, user=member, roles=[group_for("owner")])
    members.set_roles(actor=owner, user=owner, roles=[group_for("member")])


def test_page_says_why_the_last_owner_stays(owner, admin_client):
    with tenant_context(None):
        roles = admin_client.post(f"/members/{owner.pk}/roles/", {"roles": [group_pk("member")]})
        suspend = admin_client.post(f"/members/{owner.pk}/suspend/")
    assert roles.status_code == suspend.status_code == 409
    assert b"needs an owner" in roles.content and b"needs an owner" in suspend.content


def test_shut_roles_stay_when_the_form_does_not_send_them(acme, administrator, owner, member):
    members.set_roles(actor=owner, user=member, roles=[group_for("owner"), group_for("member")])
    with tenant_context(None):
        client = client_for(acme, administrator)
        page = client.get(f"/members/{member.pk}/").content.decode()
        answer = client.post(f"/members/{member.pk}/roles/", {"roles": [group_pk("builder")]})
    assert "disabled" in page and answer.status_code == 302
    assert {g.role.key for g in member.groups.all()} == {"owner", "builder"}


# -- what roles open


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("owner", {"ask", "upload", "collection", "delete", "members"}),
        ("admin", {"ask", "upload", "collection", "delete", "members"}),
        ("builder", {"ask", "upload", "collection", "delete"}),
        ("member", {"ask", "upload"}),
        ("auditor", {"members"}),
    ],
)
def test_what_each_role_may_do(role, allowed, acme, base, agent, owner):
    from apps.conversations.services import start_conversation
    from apps.knowledge import services as knowledge
    from tests.knowledge.test_ingestion import upload

    user = person("probe", role)
    document, _ = upload(owner, base, "owned.md", b"# Owned\n\nBy the owner.\n")
    acts = {
        "ask": lambda: start_conversation(actor=user, agent=agent, text="Hi"),
        "upload": lambda: upload(user, base, "mine.md", b"# Mine\n\nText.\n"),
        "collection": lambda: knowledge.create_collection(actor=user, name="New"),
        "delete": lambda: knowledge.delete_document(actor=user, document=document),
    }
    done = set()
    for name, act in acts.items():
        try:
            act()
        except Forbidden:
            continue
        done.add(name)
    with tenant_context(None):
        if client_for(acme, user).get("/members/").status_code == 200:
            done.add("members")
    assert done == allowed


def test_people_look_after_their_own_documents(member, base, owner):
    from apps.knowledge import services as knowledge
    from tests.knowledge.test_ingestion import upload

    own, _ = upload(member, base, "own.md", b"# Own\n\nText.\n")
    knowledge.tag_document(actor=member, document=own, tags=["x"])
    knowledge.delete_document(actor=member, document=own)


# -- suspension


def test_suspended_person_is_out_at_every_door(acme, owner, member, member_client, api, agent, scripted):
    from apps.agents.models import Run
    from apps.conversations.services import start_conversation

    message = start_conversation(actor=member, agent=agent, text="Hi")
    with tenant_context(None):
        refresh = api.post("/api/v1/auth/login", {"email": member.email, "password": PASSWORD}).json()["refresh"]
        assert member_client.get("/").status_code == 200
    members.suspend(actor=owner, user=member)
    with tenant_context(None):
        assert member_client.get("/").status_code == 302
        assert api.get("/api/v1/auth/me").status_code == 401
        assert api.post("/api/v1/auth/refresh", {"refresh": refresh}).status_code == 401
        login = {"email": member.email, "password": PASSWORD}
        assert api.post("/api/v1/auth/login", login).status_code == 401
    from apps.jobs.models import TenantJob

    assert TenantJob.objects.get(object_id=message.run_id).cancel_requested
    assert Run.objects.get(pk=message.run_id).started_by == member
    members.restore(actor=owner, user=member)
    with tenant_context(None):
        assert api.get("/api/v1/auth/me").status_code == 200


# -- API and administration


def test_members_by_api(acme, owner, member, api):
    client = api_for(acme, owner)
    with tenant_context(None):
        listed = client.get("/api/v1/users/?q=mo+member").json()["results"]
        changed = client.patch(f"/api/v1/users/{member.pk}", {"roles": ["builder"]}).json()
        wrong = client.patch(f"/api/v1/users/{member.pk}", {"roles": ["emperor"]})
        last = client.patch(f"/api/v1/users/{owner.pk}", {"is_active": False})
        own = api.get("/api/v1/users/").json()["results"]
        invited = client.post("/api/v1/invitations/", {"email": "x@acme.example", "roles": ["member"]})
        refused = api.post("/api/v1/invitations/", {"email": "y@acme.example", "roles": ["member"]})
        open_ones = client.get("/api/v1/invitations/").json()["results"]
        gone = client.delete(f"/api/v1/invitations/{invited.json()['id']}")
    assert [u["email"] for u in listed] == ["member@acme.example"]
    assert changed["roles"] == ["builder"]
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["roles"])
    assert (last.status_code, last.json()["title"]) == (409, "Last owner")
    assert [u["id"] for u in own] == [str(member.pk)]
    assert (invited.status_code, refused.status_code, gone.status_code) == (201, 403, 204)
    assert [i["email"] for i in open_ones] == ["x@acme.example"] and "token" not in invited.content.decode()


def test_administration_keeps_the_same_rules(acme, administrator, owner, member):
    client = client_for(acme, administrator)
    with tenant_context(None):
        assert client.get(f"/admin/accounts/user/{member.pk}/change/").status_code == 200
        form = {"name": "Mo", "email": member.email, "time_zone": "UTC", "theme": "auto", "language": ""}
        answer = client.post(
            f"/admin/accounts/user/{member.pk}/change/", form | {"groups": [group_pk("owner")]}, follow=True
        )
        assert b"holds more rights than you do" in answer.content
        locked = client.post(f"/admin/accounts/user/{owner.pk}/change/", form | {"email": owner.email})
        password = client.get(f"/admin/accounts/user/{owner.pk}/password/")
        client.post("/admin/accounts/user/", {"action": "suspend", "_selected_action": [str(owner.pk), str(member.pk)]})
    owner.refresh_from_db()
    member.refresh_from_db()
    assert locked.status_code == password.status_code == 403
    assert [g.role.key for g in member.groups.all()] == ["member"]
    assert (owner.is_active, member.is_active) == (True, False)


def test_system_roles_stand_fast_in_the_administration(admin_client, in_acme):
    with tenant_context(None):
        system = admin_client.post(f"/admin/auth/group/{group_pk('member')}/change/", {"name": "Everybody"})
        custom = admin_client.post("/admin/auth/group/add/", {"name": "Librarian"})
    assert (system.status_code, custom.status_code) == (403, 302)
    assert Group.objects.filter(name="Librarian").exists()


def test_the_last_two_owners_cannot_go_at_once(committed):
    from apps.accounts.roles import OWNER
    from apps.core.tenancy import public_context
    from apps.tenants.services import provision_tenant
    from apps.tenants.types import Owner

    tenant = provision_tenant(slug="racers", name="Racers", owner=Owner("a@racers.example", "A", "x"))
    try:
        with tenant_context(tenant):
            pair = [User.objects.get(), members.create_user(email="b@racers.example", name="B", role=OWNER)]
        barrier = threading.Barrier(2)

        def leave(user):
            with tenant_context(tenant):
                barrier.wait()
                try:
                    members.set_roles(actor=user, user=user, roles=[group_for("member")])
                    return "gone"
                except Conflict:
                    return "stays"
                finally:
                    connection.close()

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(leave, pair)) == ["gone", "stays"]
    finally:
        with public_context(), connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA t_racers CASCADE")
            tenant.delete()


def test_address_in_the_audit_cannot_be_made_up(acme, in_acme, member):
    with tenant_context(None):
        client_for(acme).post(
            "/accounts/login/",
            {"login": member.email, "password": PASSWORD},
            HTTP_X_FORWARDED_FOR="198.51.100.9",
            REMOTE_ADDR="203.0.113.4",
        )
    assert AuditEvent.objects.get(action="account.signed_in").address == "203.0.113.4"


@pytest.mark.parametrize("said", ["unknown", "1.2.3.4:567", "fe80::1%eth0", "", "a, b", "10.0.0.999"])
def test_what_is_no_address_breaks_nothing(said, acme, in_acme, member, base, admin_user, settings):
    from apps.accounts.services import sharing

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    sharing.set_open(actor=admin_user, shared=base, is_open=False)
    with tenant_context(None):
        client = client_for(acme, member)
        answers = [
            client.get("/knowledge/", HTTP_X_FORWARDED_FOR=said),
            client.post("/accounts/login/", {"login": "x@acme.example", "password": "x"}, HTTP_X_FORWARDED_FOR=said),
            client.get("/api/v1/knowledge-base/", HTTP_X_FORWARDED_FOR=said),
        ]
    assert all(answer.status_code < 500 for answer in answers)


def test_links_of_invitations_stay_out_of_the_log():
    from apps.core.logs import hide_one_time_links

    line = hide_one_time_links(None, "info", {"request": "GET /invitation/s3cret-Token_x/", "n": 1})
    assert line == {"request": "GET /invitation/hidden/", "n": 1}


def test_joining_oneself_keeps_what_was_offered(owner, in_acme, monkeypatch):
    from apps.tenants.options import SIGN_UP_DOMAINS
    from apps.tenants.services import set_option

    set_option(actor=owner, option=SIGN_UP_DOMAINS, value=["acme.example"])
    members.invite(actor=owner, email="neu@acme.example", roles=[group_for("admin")])
    members.invite_oneself(email="neu@acme.example")
    members.invite_oneself(email="other@acme.example")
    offered = Invitation.objects.get(email="neu@acme.example")
    assert [g.role.key for g in offered.roles.all()] == ["admin"]
    assert offered.invited_by == owner
    assert [g.role.key for g in Invitation.objects.get(email="other@acme.example").roles.all()] == ["member"]


def test_change_by_api_is_all_or_nothing(acme, owner):
    client = api_for(acme, owner)
    answer = client.patch(f"/api/v1/users/{owner.pk}", {"roles": ["owner", "auditor"], "is_active": False}, "json")
    assert answer.status_code == 409
    assert [g.role.key for g in owner.groups.all()] == ["owner"]


def test_administration_writes_to_the_audit_what_it_changed(admin_client, member, in_acme):
    roles = [str(group.pk) for group in member.groups.all()]
    form = {"name": "Mona", "email": member.email, "time_zone": "UTC", "theme": "auto", "groups": roles}
    assert admin_client.post(f"/admin/accounts/user/{member.pk}/change/", form).status_code == 302
    event = AuditEvent.objects.get(action="administration.changed")
    assert (event.before, event.after) == ({"name": "Mo Member"}, {"name": "Mona"})
    new = {"usable_password": "true", "password1": "another good horse", "password2": "another good horse"}
    assert admin_client.post(f"/admin/accounts/user/{member.pk}/password/", new).status_code == 302
    event = AuditEvent.objects.get(action="administration.changed", after__has_key="password")
    assert event.after == {"password": "…"}
    assert "horse" not in str(event.after)
    member.refresh_from_db()
    assert member.check_password("another good horse")
