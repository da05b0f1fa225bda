"""A conversation is its owner's: others read it when it is shared, never write in it, and that they read is written down."""

import pytest

from apps.accounts.models import User
from apps.accounts.roles import group_for
from apps.accounts.services import groups, members, sharing
from apps.audit.models import AuditEvent
from apps.conversations import services
from apps.conversations.models import Conversation, Message
from apps.core.errors import Forbidden
from apps.core.tenancy import tenant_context
from apps.knowledge.models import KnowledgeBase
from apps.tenants.flags import CONVERSATION_SHARING
from apps.tenants.services import choose_feature
from tests.conftest import PASSWORD, api_for, client_for
from tests.knowledge.test_ingestion import upload


@pytest.fixture
def talk(base, agent, member, work):
    """A finished conversation of `member` that cites a document."""
    upload(member, base, "leave.md", b"# Leave\n\nStaff receive 28 days of annual leave.\n")
    work("documents")
    reply = services.start_conversation(actor=member, agent=agent, text="How many days of annual leave?")
    work("agents")
    return Conversation.objects.get(pk=reply.conversation_id)


@pytest.fixture
def reader(in_acme):
    return members.create_user(email="rita@acme.example", name="Rita Reader", password=PASSWORD)


def page(acme, user, talk, path=""):
    with tenant_context(None):
        return client_for(acme, user).get(f"/chat/{talk.pk}/{path}")


def test_others_do_not_find_it(acme, talk, reader):
    assert page(acme, reader, talk).status_code == 404
    assert Conversation.objects.visible_to(reader).count() == 0


def test_whom_it_is_shared_with_reads_it(acme, talk, reader, member):
    sharing.share(actor=member, shared=talk, to=reader, level="view")
    found = page(acme, reader, talk)
    text = found.content.decode()
    assert found.status_code == 200 and "28 days" in text and "only they write" in text
    assert "composer" not in text and "leave.md" in text
    event = AuditEvent.objects.get(action="conversation.read")
    assert (event.actor_id, event.target_id) == (str(reader.pk), str(talk.pk))
    with tenant_context(None):
        listed = client_for(acme, reader).get("/chat/?whose=shared").content.decode()
    assert talk.title in listed and "Mo Member" in listed
    with tenant_context(None):
        assert talk.title not in client_for(acme, reader).get("/chat/").content.decode()


def test_its_owner_leaves_no_record_of_reading(acme, talk, member):
    assert page(acme, member, talk).status_code == 200
    assert AuditEvent.objects.filter(action="conversation.read").count() == 0


@pytest.mark.parametrize("path", ["messages/", "rename/", "archive/", "stop/"])
def test_a_reader_does_not_write(path, acme, talk, reader, member):
    sharing.share(actor=member, shared=talk, to=reader, level="manage")
    with tenant_context(None):
        assert client_for(acme, reader).post(f"/chat/{talk.pk}/{path}", {"text": "Hi", "title": "x"}).status_code == 404
        body = {"text": "Hi"}
        assert api_for(acme, reader).post(f"/api/v1/conversations/{talk.pk}/messages", body).status_code == 404
    assert Message.objects.filter(conversation=talk).count() == 2


def test_by_api(acme, talk, reader, member):
    with tenant_context(None):
        made = api_for(acme, member).post(
            f"/api/v1/conversations/{talk.pk}/grants", {"to": "rita@acme.example", "level": "view"}
        )
        assert made.status_code == 201
        api = api_for(acme, reader)
        assert [c["id"] for c in api.get("/api/v1/conversations/?whose=shared").json()["results"]] == [str(talk.pk)]
        assert api.get("/api/v1/conversations/").json()["results"] == []
        messages = api.get(f"/api/v1/conversations/{talk.pk}/messages").json()["results"]
        assert [m["role"] for m in messages] == ["assistant", "user"] and messages[0]["citations"]
        assert api.patch(f"/api/v1/conversations/{talk.pk}", {"title": "x"}).status_code == 404
        assert api.delete(f"/api/v1/conversations/{talk.pk}").status_code == 404


def test_sources_of_shut_documents_are_not_shown(acme, talk, reader, member):
    sharing.share(actor=member, shared=talk, to=reader, level="view")
    sharing.set_open(actor=None, shared=KnowledgeBase.objects.get(), is_open=False)
    text = page(acme, reader, talk).content.decode()
    assert "leave.md" not in text and "From a document that you may not see" in text
    with tenant_context(None):
        api = api_for(acme, reader)
        answer = api.get(f"/api/v1/conversations/{talk.pk}/messages").json()["results"][0]
        one = api.get(f"/api/v1/conversations/{talk.pk}/messages/{answer['id']}").json()
    assert answer["citations"] == one["citations"] == []


def test_open_to_everybody_and_shut_again(acme, talk, reader, member):
    sharing.set_open(actor=member, shared=talk, is_open=True)
    assert page(acme, reader, talk).status_code == 200
    sharing.set_open(actor=member, shared=talk, is_open=False)
    assert page(acme, reader, talk).status_code == 404


def test_through_a_group_and_until_it_is_taken(acme, talk, reader, member, admin_user):
    team = groups.save_group(actor=admin_user, name="Payroll", members=[reader])
    sharing.share(actor=member, shared=talk, to=team, level="view")
    assert page(acme, reader, talk).status_code == 200
    sharing.unshare(actor=member, shared=talk, to=team)
    assert page(acme, reader, talk).status_code == 404


def test_readers_share_no_further_and_managers_do(acme, talk, reader, member, admin_user):
    sharing.share(actor=member, shared=talk, to=reader, level="view")
    assert page(acme, reader, talk, "sharing/").status_code == 403
    sharing.share(actor=member, shared=talk, to=reader, level="manage")
    assert page(acme, reader, talk, "sharing/").status_code == 200


def test_an_auditor_reads_all_and_it_is_written_down(acme, talk):
    auditor = members.create_user(email="audrey@acme.example", name="Audrey", password=PASSWORD, role="auditor")
    assert page(acme, auditor, talk).status_code == 200
    assert AuditEvent.objects.filter(action="conversation.read", actor_id=str(auditor.pk)).count() == 1
    with tenant_context(None):
        client = client_for(acme, auditor)
        assert talk.title in client.get("/chat/?whose=all").content.decode()
        assert client.get("/admin/conversations/conversation/").status_code == 200


def test_an_administrator_sees_that_it_is_there_and_not_what_was_said(acme, talk):
    admin = members.create_user(email="al@acme.example", name="Al", password=PASSWORD, role="admin")
    assert page(acme, admin, talk).status_code == 404
    with tenant_context(None):
        client = client_for(acme, admin)
        assert talk.title in client.get("/admin/conversations/conversation/").content.decode()
        assert talk.title not in client.get("/chat/?whose=all").content.decode()
        shown = client.get(f"/admin/conversations/conversation/{talk.pk}/change/")
    assert shown.status_code == 200 and "28 days" not in shown.content.decode()


def test_switched_off_nothing_is_shared_any_more(acme, talk, reader, member, admin_user):
    sharing.share(actor=member, shared=talk, to=reader, level="view")
    choose_feature(actor=admin_user, flag=CONVERSATION_SHARING, is_on=False)
    assert page(acme, reader, talk).status_code == 404
    assert b"/sharing/" not in page(acme, member, talk).content
    assert page(acme, member, talk, "sharing/").status_code == 403
    with pytest.raises(Forbidden):
        sharing.share(actor=member, shared=talk, to=reader, level="view")
    assert sharing.explain(user=reader, shared=talk) == []


def test_what_is_explained_is_what_is_reached(talk, reader, member, admin_user, in_acme):
    auditor = members.create_user(email="audrey@acme.example", name="Audrey", password=PASSWORD, role="auditor")
    builder = members.create_user(email="bob@acme.example", name="Bob", password=PASSWORD, role="builder")
    sharing.share(actor=member, shared=talk, to=group_for("builder"), level="manage")
    for user in User.objects.filter(pk__in=[u.pk for u in (reader, member, admin_user, auditor, builder)]):
        reasons = {reason.level for reason in sharing.explain(user=user, shared=talk)}
        reached = {
            level
            for level in ("view", "manage")
            if Conversation.objects.reached_by(user, level).filter(pk=talk.pk).exists()
        }
        assert ("manage" in reasons) == ("manage" in reached), user
        assert bool(reasons) == bool(reached), user


def test_a_suspended_owner_reads_nothing(talk, member, admin_user, acme):
    members.suspend(actor=admin_user, user=member)
    member.refresh_from_db()
    assert Conversation.objects.visible_to(member).count() == 0


def test_a_long_conversation_asks_no_more_of_the_database(acme, talk, reader, member, work):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    sharing.share(actor=member, shared=talk, to=reader, level="view")
    page(acme, reader, talk)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert page(acme, reader, talk).status_code == 200
        return len(queries)

    short = asked()
    for n in range(4):
        services.send_message(actor=member, conversation=talk, text=f"And {n} days of annual leave?")
        work("agents")
    assert asked() < short + 4  # five answers instead of one
