"""One tenant's objects, for the matrix to be tried on."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.conftest import _user


@pytest.fixture
def objects(acme, member, admin_user, agent, base, work):
    """Ids of a finished conversation with its run, a document and one to be deleted; all belong to `member` of acme."""
    from apps.accounts.roles import group_for
    from apps.accounts.services import groups, keys, members, requests, single_sign_on
    from apps.conversations import services as conversations
    from apps.knowledge import services as knowledge

    def upload(name):
        file = SimpleUploadedFile(name, f"# {name}\n\nStaff receive 28 days of annual leave. CANARY-{name}\n".encode())
        return knowledge.upload_document(actor=member, knowledge_base=base, upload=file)[0]

    document, spare = upload("a.md"), upload("b.md")
    work("documents")
    invitation = members.invite(actor=admin_user, email="new@acme.example", roles=[group_for("member")])
    key = keys.make_key(actor=member, name="Nightly", scopes=["agents:read"]).key
    role = groups.save_role(actor=admin_user, name="Reader", rights=["audit.view_auditevent"])
    team = groups.save_group(actor=admin_user, name="Finance", members=[member])
    asked = requests.ask_for_access(actor=member, path="/audit/")
    values = {"kind": "oidc", "name": "Work", "client_id": "x", "server_url": "https://login.example.com"}
    sso = single_sign_on.save_provider(actor=admin_user, values=values, secret="s")
    message = conversations.start_conversation(actor=member, agent=agent, text="How many days of leave?")
    work("agents")
    return {
        "document": document.pk,
        "spare": spare.pk,
        "base": base.pk,
        "agent": agent.pk,
        "run": message.run_id,
        "conversation": message.conversation_id,
        "person": member.pk,
        "invitation": invitation.pk,
        "key": key.pk,
        "role": role.pk,
        "group": team.pk,
        "asked": asked.pk,
        "sso": sso.pk,
        "slug": "anything",
        "message": message.pk,
        "question": message.parent_id,
        "unknown": uuid.uuid4(),
    }


@pytest.fixture
def colleague(acme):
    from apps.accounts.services.members import create_user
    from apps.core.tenancy import tenant_context

    with tenant_context(acme):
        return create_user(email="colleague@acme.example", name="Cole Colleague", password="correct horse battery")


@pytest.fixture
def suspended(acme, admin_user):
    from apps.accounts.services import members
    from apps.core.tenancy import tenant_context

    with tenant_context(acme):
        user = members.create_user(
            email="gone@acme.example", name="Gone", password="correct horse battery", role="owner"
        )
        members.suspend(actor=admin_user, user=user)
        return user


@pytest.fixture
def scopeless(acme, admin_user):
    """A client with an owner's key that reaches one scope alone, of an area that has no route."""
    from rest_framework.test import APIClient

    from apps.accounts.models import ApiKey
    from apps.accounts.services import keys
    from apps.core.tenancy import tenant_context

    with tenant_context(acme):
        made = keys.make_key(actor=admin_user, name="Narrow", scopes=["audit:read"])
        ApiKey.objects.filter(pk=made.key.pk).update(scopes=["nothing:read"])
        return APIClient(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {made.text}")
