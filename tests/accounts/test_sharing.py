"""Access to single objects: who reaches what, under which conditions, and why."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.utils import timezone

from apps.accounts.models import AccessRequest
from apps.accounts.roles import group_for
from apps.accounts.services import groups, members, sharing
from apps.accounts.services.sharing import Conditions
from apps.agents.models import Agent
from apps.agents.services.runs import start_run
from apps.audit.models import AuditEvent
from apps.core.caller import Caller, calling
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.tenancy import tenant_context
from apps.knowledge import services as knowledge
from apps.knowledge.models import Document, KnowledgeBase
from tests.conftest import PASSWORD, api_for, client_for


def person(login, role="member"):
    return members.create_user(email=f"{login}@acme.example", name=login.title(), password=PASSWORD, role=role)


@pytest.fixture
def shut(in_acme, admin_user, base, agent):
    """The tenant's collection and agent, reached by those who manage everything alone."""
    sharing.set_open(actor=admin_user, shared=base, is_open=False)
    sharing.set_open(actor=admin_user, shared=agent, is_open=False)
    return base


@pytest.fixture
def team(admin_user, member, in_acme):
    return groups.save_group(actor=admin_user, name="Finance", members=[member])


def sees(user, shared):
    return type(shared).objects.visible_to(user).filter(pk=shared.pk).exists()


def test_open_things_stand_open_and_shut_ones_are_shut(shut, member, admin_user):
    assert not sees(member, shut)
    assert sees(admin_user, shut)
    sharing.set_open(actor=admin_user, shared=shut, is_open=True)
    assert sees(member, shut)


def test_auditor_sees_what_is_shut_and_changes_nothing(shut, agent):
    auditor = person("audrey", "auditor")
    assert sees(auditor, shut) and sees(auditor, agent)
    assert not KnowledgeBase.objects.editable_by(auditor).exists()
    assert not Agent.objects.usable_by(auditor).exists()


def test_builder_keeps_out_of_what_is_shut(shut, agent):
    builder = person("bo", "builder")
    assert not sees(builder, shut)
    assert not Agent.objects.editable_by(builder).exists()


@pytest.mark.parametrize(
    ("level", "reached"), [("view", ["view"]), ("change", ["view", "change"]), ("manage", ["view", "change", "manage"])]
)
def test_a_level_holds_those_below(level, reached, shut, member, admin_user):
    sharing.share(actor=admin_user, shared=shut, to=member, level=level)
    bases = KnowledgeBase.objects
    asked = {"view": bases.visible_to, "change": bases.editable_by, "manage": bases.manageable_by}
    assert [name for name, ask in asked.items() if ask(member).filter(pk=shut.pk).exists()] == reached
    assert member.has_perm(f"knowledge.{level}_knowledgebase", shut)
    assert not member.has_perm(f"knowledge.{level}_knowledgebase")


def test_group_gives_access_and_takes_it(shut, team, member, admin_user):
    sharing.share(actor=admin_user, shared=shut, to=team, level="view")
    assert sees(member, shut)
    groups.save_group(actor=admin_user, name="Finance", members=[], group=team)
    assert not sees(member, shut)


def test_a_new_level_replaces_the_former_one(shut, member, admin_user):
    sharing.share(actor=admin_user, shared=shut, to=member, level="manage")
    sharing.share(actor=admin_user, shared=shut, to=member, level="view")
    assert [grant.level for grant in sharing.grants_on(shut)] == ["view"]


def test_access_ends_with_its_time(shut, member, admin_user, monkeypatch):
    until = timezone.now() + timedelta(hours=1)
    sharing.share(actor=admin_user, shared=shut, to=member, level="view", conditions=Conditions(expires_at=until))
    assert sees(member, shut)
    monkeypatch.setattr(timezone, "now", lambda: until + timedelta(seconds=1))
    assert not sees(member, shut)


@pytest.mark.parametrize(
    ("caller", "is_seen"),
    [
        (Caller("10.1.2.3"), True),
        (Caller("2001:db8::7"), True),
        (Caller("192.0.2.1"), False),
        (Caller(""), False),
    ],
)
def test_access_from_networks(caller, is_seen, shut, member, admin_user):
    conditions = Conditions(addresses=("10.0.0.0/8", "2001:db8::/32"))
    sharing.share(actor=admin_user, shared=shut, to=member, level="view", conditions=conditions)
    with calling(caller):
        assert sees(member, shut) is is_seen


def test_access_with_a_second_factor(shut, member, admin_user):
    sharing.share(
        actor=admin_user, shared=shut, to=member, level="view", conditions=Conditions(needs_second_factor=True)
    )
    assert not sees(member, shut)
    with calling(Caller("", has_second_factor=True)):
        assert sees(member, shut)


@pytest.mark.parametrize(("before_h", "after_h", "is_seen"), [(0, 1, True), (1, 2, False), (-1, 0, False)])
def test_access_in_hours(before_h, after_h, is_seen, shut, member, admin_user):
    now = timezone.now()
    if not 1 <= now.hour <= 21:
        admin_user.time_zone = "Pacific/Auckland" if now.hour < 12 else "America/New_York"
    hour = timezone.localtime(now, timezone=__import__("zoneinfo").ZoneInfo(admin_user.time_zone)).hour
    conditions = Conditions(from_hour=hour + before_h, until_hour=hour + after_h)
    sharing.share(actor=admin_user, shared=shut, to=member, level="view", conditions=conditions)
    assert sees(member, shut) is is_seen


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(from_hour=9),
        Conditions(from_hour=18, until_hour=9),
        Conditions(expires_at=timezone.now() - timedelta(days=1)),
        Conditions(addresses=("office",)),
    ],
)
def test_conditions_that_cannot_hold_are_refused(conditions, shut, member, admin_user):
    with pytest.raises(InvalidInput):
        sharing.share(actor=admin_user, shared=shut, to=member, level="view", conditions=conditions)


def test_only_managers_share(shut, member, admin_user):
    sharing.share(actor=admin_user, shared=shut, to=member, level="change")
    other = person("other")
    for change in (
        lambda: sharing.share(actor=member, shared=shut, to=other, level="view"),
        lambda: sharing.unshare(actor=member, shared=shut, to=member),
        lambda: sharing.set_open(actor=member, shared=shut, is_open=True),
    ):
        with pytest.raises(Forbidden):
            change()


def test_maker_manages_and_can_shut_for_others(in_acme):
    builder = person("bo", "builder")
    made = knowledge.create_collection(actor=builder, name="Drafts")
    sharing.set_open(actor=builder, shared=made, is_open=False)
    assert KnowledgeBase.objects.manageable_by(builder).get() == made


def test_documents_follow_their_collection(shut, member, admin_user, member_client, api):
    document = Document.objects.filter(knowledge_base=shut).first() or Document.objects.create(
        knowledge_base=shut, name="secret.txt", content_hash="x", size_bytes=1, kind="txt"
    )
    assert member_client.get(f"/documents/{document.pk}/").status_code == 404
    assert member_client.get(f"/knowledge/{shut.pk}/").status_code == 404
    assert api.get(f"/api/v1/knowledge-base/documents/{document.pk}").status_code == 404
    sharing.share(actor=admin_user, shared=shut, to=member, level="view")
    assert member_client.get(f"/documents/{document.pk}/").status_code == 200
    with pytest.raises(Forbidden):
        knowledge.delete_document(actor=member, document=document)
    with pytest.raises(Forbidden):
        knowledge.tag_document(actor=member, document=document, tags=["x"])
    sharing.share(actor=admin_user, shared=shut, to=member, level="manage")
    knowledge.delete_document(actor=member, document=document)


def test_shut_agent_is_not_asked(shut, agent, member, admin_user, api):
    assert api.post(f"/api/v1/agents/{agent.pk}/chat", {"text": "Hello"}, "json").status_code == 404
    with pytest.raises(Forbidden):
        start_run(actor=member, agent=agent, question="Hello")
    sharing.share(actor=admin_user, shared=agent, to=member, level="use")
    assert start_run(actor=member, agent=agent, question="Hello").agent == agent


def test_run_remembers_from_where_it_was_asked(agent, member):
    with calling(Caller("10.1.2.3", has_second_factor=True)):
        run = start_run(actor=member, agent=agent, question="Hello")
    assert (run.asked_from, run.asked_with_second_factor) == ("10.1.2.3", True)


def test_sharing_is_written_down(shut, member, admin_user):
    sharing.share(actor=admin_user, shared=shut, to=member, level="view")
    sharing.unshare(actor=admin_user, shared=shut, to=member)
    given = AuditEvent.objects.get(action="access.given")
    assert given.after == {"to": "Mo Member", "level": "view"}
    assert AuditEvent.objects.get(action="access.taken").before == {"to": "Mo Member", "level": ["view"]}
    assert AuditEvent.objects.filter(action="access.shut").count() == 2


def test_what_is_shut_is_shut_in_the_administration_too(shut, agent, admin_user, in_acme):
    role = groups.save_role(
        actor=admin_user,
        name="Keeper",
        rights=["accounts.open_administration", "agents.change_agent", "knowledge.change_document"],
    )
    keeper = person("keeper")
    members.set_roles(actor=admin_user, user=keeper, roles=[role])
    client = client_for(in_acme, keeper)
    with tenant_context(None):
        assert b"Company" not in client.get("/admin/agents/agent/").content
        assert client.get(f"/admin/agents/agent/{agent.pk}/change/").status_code == 302
    sharing.share(actor=admin_user, shared=agent, to=keeper, level="change")
    with tenant_context(None):
        assert client.get(f"/admin/agents/agent/{agent.pk}/change/").status_code == 200


# -- why ---------------------------------------------------------------------------------------------------------


def test_why_names_the_whole_chain(shut, agent, team, member, admin_user):
    sharing.share(actor=admin_user, shared=shut, to=team, level="view")
    sharing.share(actor=admin_user, shared=shut, to=member, level="change")
    found = sharing.explain(user=member, shared=shut)
    assert [(r.level, r.source) for r in found] == [
        ("change", "Given to them by Ada Admin."),
        ("view", "Given to the group “Finance” by Ada Admin."),
    ]
    assert sharing.explain(user=member, shared=agent) == []
    over = sharing.explain(user=admin_user, shared=shut)
    assert over[0].source == "The role “Owner” reaches all of this kind."


def test_why_agrees_with_what_is_reached(shut, agent, team, member, admin_user):
    """Every person is explained exactly when they reach it."""
    people = [member, admin_user, *(person(role, role) for role in ("admin", "builder", "auditor"))]
    sharing.share(actor=admin_user, shared=shut, to=team, level="view")
    for is_open in (False, True):
        sharing.set_open(actor=admin_user, shared=shut, is_open=is_open)
        for each in people:
            assert bool(sharing.explain(user=each, shared=shut)) == sees(each, shut), (each, is_open)
    members.suspend(actor=admin_user, user=member)
    assert sharing.explain(user=member, shared=shut) == []


# -- pages and API -----------------------------------------------------------------------------------------------


def test_sharing_by_page(shut, acme, member, admin_client, member_client):
    address = f"/knowledge/{shut.pk}/sharing/"
    assert member_client.get(address).status_code == 404
    page = admin_client.post(
        address,
        {"to": f"user:{member.pk}", "level": "view", "expires_on": "2099-01-31", "on_weekdays": "on"},
        follow=True,
    )
    assert "Shared with Mo Member." in page.content.decode()
    assert "Monday to Friday" in page.content.decode()
    why = admin_client.get(f"{address}?why={member.pk}").content.decode()
    assert "Given to them by Ada Admin." in why
    wrong = admin_client.post(address, {"to": "group:0", "level": "view"})
    late = admin_client.post(address, {"to": f"user:{member.pk}", "level": "view", "expires_on": "2001-01-31"})
    assert (wrong.status_code, late.status_code) == (422, 422)
    assert "This day is over." in late.content.decode()
    ended = admin_client.post(f"{address}end/", {"to": f"user:{member.pk}"}, follow=True)
    assert "No longer shared with Mo Member." in ended.content.decode()
    assert member_client.get(f"/knowledge/{shut.pk}/").status_code == 404


def test_sharing_by_api(shut, acme, member, admin_user, api):
    client = api_for(acme, admin_user)
    address = f"/api/v1/knowledge-base/{shut.pk}"
    given = client.post(f"{address}/grants", {"to": member.email, "level": "view", "addresses": ["10.0.0.0/8"]}, "json")
    assert (given.status_code, given.json()["to"]) == (201, f"user:{member.pk}")
    assert client.get(f"{address}/grants").json()[0]["addresses"] == ["10.0.0.0/8"]
    assert client.get(f"{address}/why?user={member.pk}").json()[0]["level"] == "view"
    assert client.get(f"{address}/why?user=nobody").status_code == 422
    assert client.post(f"{address}/grants", {"to": member.email, "level": "own"}, "json").status_code == 422
    assert api.get(f"{address}/grants").status_code == 404
    assert client.put(f"{address}/access", {"is_open": True}, "json").json() == {"is_open": True}
    assert api.get(f"{address}/grants").status_code == 403
    assert client.delete(f"{address}/grants/{given.json()['id']}").status_code == 204
    assert client.delete(f"{address}/grants/{given.json()['id']}").status_code == 404


def test_asking_for_a_refused_page(acme, member, member_client, admin_client, django_capture_on_commit_callbacks):
    refused = member_client.get("/members/")
    assert refused.status_code == 403 and b"Ask for access" in refused.content
    with tenant_context(acme), django_capture_on_commit_callbacks(execute=True):
        asked = member_client.post("/access/ask/", {"path": "/members/", "note": "I organise the party"})
    assert asked.status_code == 200
    assert "asks for access" in mail.outbox[0].subject and "/members/" in mail.outbox[0].body
    assert "I organise the party" in admin_client.get("/members/requests/").content.decode()
    with tenant_context(acme):
        request = AccessRequest.objects.get()
        with django_capture_on_commit_callbacks(execute=True):
            admin_client.post(f"/members/requests/{request.pk}/", {"granted": "1"})
        request.refresh_from_db()
        assert request.is_granted
    assert mail.outbox[-1].to == [member.email]
    assert member_client.get("/members/requests/").status_code == 403


@pytest.mark.parametrize(
    "path", ["//evil.example/", "https://evil.example/", "/\\evil.example", "members", "/a\nb", ""]
)
def test_addresses_elsewhere_are_not_asked_for(path, api, in_acme):
    assert api.post("/api/v1/access-requests/", {"path": path}, "json").status_code == 422


# -- roles and groups --------------------------------------------------------------------------------------------


def test_custom_role_gives_its_rights(admin_user, member, in_acme):
    role = groups.save_role(actor=admin_user, name="Librarian", rights=["knowledge.manage_knowledgebase"])
    members.set_roles(actor=admin_user, user=member, roles=[group_for("member"), role])
    assert type(member).objects.get(pk=member.pk).has_perm("knowledge.manage_knowledgebase")
    with pytest.raises(Conflict):
        groups.remove_role(actor=admin_user, group=role)


def test_nobody_makes_a_role_above_their_own(in_acme, admin_user):
    rita = person("rita", "admin")
    with pytest.raises(Forbidden):
        groups.save_role(actor=rita, name="Sneaky", rights=["accounts.manage_owners"])
    above = groups.save_role(actor=admin_user, name="Above", rights=["accounts.manage_owners"])
    with pytest.raises(Forbidden):
        groups.save_role(actor=rita, name="Above", rights=[], group=above)
    with pytest.raises(Forbidden):
        groups.save_role(actor=rita, name="Owner 2", rights=[], group=group_for("owner"))
    client = client_for(in_acme, rita)
    with tenant_context(None):
        refused = client.post("/admin/auth/group/add/", {"name": "Sneaky", "rights": ["accounts.manage_owners"]})
        made = client.post("/admin/auth/group/add/", {"name": "Uploader", "rights": ["knowledge.add_document"]})
    assert (refused.status_code, made.status_code) == (200, 302)
    assert "is a right that you do not hold" in refused.content.decode()
    assert groups.rights_of(Group.objects.get(name="Uploader", role__key="")) == ["knowledge.add_document"]


@pytest.mark.parametrize("name", ["", "Owner", "builder", "finance"])
def test_names_of_roles_and_groups_are_their_own(name, team, admin_user):
    with pytest.raises(InvalidInput):
        groups.save_role(actor=admin_user, name=name, rights=[])


def test_groups_are_no_roles(team, member, admin_user, acme):
    with pytest.raises(Conflict):
        groups.save_group(actor=admin_user, name="x", members=[], group=group_for("owner"))
    members.set_roles(actor=admin_user, user=member, roles=[group_for("builder")])
    assert team in member.groups.all()
    shown = api_for(acme, admin_user).get(f"/api/v1/users/{member.pk}").json()
    assert shown["roles"] == ["builder"]


def test_roles_and_groups_by_page(admin_client, member, in_acme):
    made = admin_client.post(
        "/members/roles/new/", {"name": "Reader", "rights": ["audit.view_auditevent"]}, follow=True
    )
    assert "The role “Reader” is saved." in made.content.decode()
    role = Group.objects.get(name="Reader")
    assert admin_client.get(f"/members/roles/{role.pk}/").status_code == 200
    assert admin_client.get(f"/members/roles/{group_for('owner').pk}/").status_code == 404
    gone = admin_client.post(f"/members/roles/{role.pk}/remove/", follow=True)
    assert "The role is gone." in gone.content.decode()
    team = admin_client.post("/members/groups/new/", {"name": "Sales", "members": [str(member.pk)]}, follow=True)
    assert "The group “Sales” is saved." in team.content.decode() and "1 person" in team.content.decode()
    taken = admin_client.post("/members/groups/new/", {"name": "sales"})
    assert taken.status_code == 422
    pk = Group.objects.get(name="Sales").pk
    assert admin_client.post(f"/members/groups/{pk}/remove/").status_code == 302
    assert not Group.objects.filter(name="Sales").exists()


def test_roles_and_groups_by_api(acme, admin_user, member, api):
    client = api_for(acme, admin_user)
    role = client.post("/api/v1/roles/", {"name": "Reader", "rights": ["audit.view_auditevent"]}, "json")
    assert (role.status_code, role.json()["rights"]) == (201, ["audit.view_auditevent"])
    changed = client.put(f"/api/v1/roles/{role.json()['id']}", {"name": "Reader", "rights": []}, "json")
    assert changed.json()["rights"] == []
    assert client.post("/api/v1/roles/", {"name": "X", "rights": ["auth.delete_user"]}, "json").status_code == 422
    assert client.delete(f"/api/v1/roles/{role.json()['id']}").status_code == 204
    team = client.post("/api/v1/groups/", {"name": "Sales", "members": [str(member.pk)]}, "json")
    assert team.json()["members"] == [str(member.pk)]
    assert client.get("/api/v1/groups/").json()["results"][0]["name"] == "Sales"
    assert api.get("/api/v1/groups/").status_code == 403
    unknown = client.put(f"/api/v1/groups/{team.json()['id']}", {"name": "S", "members": [str(acme.id)]}, "json")
    assert unknown.status_code == 422
    assert client.delete(f"/api/v1/groups/{team.json()['id']}").status_code == 204


def test_groups_in_the_administration(admin_client, member, in_acme):
    with tenant_context(None):
        made = admin_client.post("/admin/accounts/peoplegroup/add/", {"name": "Ops", "people": [str(member.pk)]})
        pages = [admin_client.get(f"/admin/{name}/").status_code for name in ("accounts/accessrequest", "auth/group")]
    assert (made.status_code, pages) == (302, [200, 200])
    assert list(Group.objects.get(name="Ops").user_set.all()) == [member]
