"""The same done with several documents: by page and API, each by itself."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.audit.models import AuditEvent
from apps.core.errors import InvalidInput
from apps.core.tenancy import tenant_context
from apps.knowledge import services
from apps.knowledge.models import Document
from apps.knowledge.services import several
from tests.conftest import api_for, client_for


@pytest.fixture
def documents(base, admin_user, in_acme, work):
    files = [SimpleUploadedFile(f"rule-{n}.md", f"# Rule {n}\n\nGate {n}.".encode()) for n in range(4)]
    rows = [
        services.upload_document(actor=admin_user, knowledge_base=base, upload=file, tags=["old"]) for file in files
    ]
    work("documents")
    return list(Document.objects.filter(pk__in=[row.pk for row, _created in rows]).order_by("name"))


def tags():
    return dict(Document.objects.order_by("name").values_list("name", "tags"))


def test_tags_are_added_and_taken_away(documents, admin_user):
    several.change_documents(actor=admin_user, documents=documents[:3], to_do="tag", tags=["New", " "])
    several.change_documents(actor=admin_user, documents=documents[:1], to_do="untag", tags=["old", "never"])
    assert tags() == {
        "rule-0.md": ["new"],
        "rule-1.md": ["new", "old"],
        "rule-2.md": ["new", "old"],
        "rule-3.md": ["old"],
    }
    assert AuditEvent.objects.filter(action="document.tagged").count() == 4


def test_one_that_cannot_be_changed_keeps_none_of_the_others(documents, admin_user):
    Document.objects.filter(pk=documents[0].pk).update(state="uploaded")
    outcome = several.change_documents(actor=admin_user, documents=documents[:2], to_do="read_again")
    assert outcome.done == (documents[1].pk,)
    assert [(row.pk, error.status) for row, error in outcome.failed] == [(documents[0].pk, 409)]
    many = several.change_documents(
        actor=admin_user, documents=documents, to_do="tag", tags=[str(n) for n in range(20)]
    )
    assert not many.done and {error.code for _row, error in many.failed} == {"invalid_input"}


@pytest.mark.parametrize(("to_do", "words"), [("burn", ["a"]), ("tag", [" ", ""]), ("untag", []), ("tag", ["x" * 41])])
def test_what_makes_no_sense_changes_nothing(documents, admin_user, to_do, words):
    before = tags()
    with pytest.raises(InvalidInput):
        several.change_documents(actor=admin_user, documents=documents, to_do=to_do, tags=words)
    assert tags() == before


def test_by_api_with_what_is_not_there(documents, admin_user, member, globex, acme):
    keys, unknown = [str(row.pk) for row in documents], str(uuid.uuid4())
    body = {"documents": [*keys[:2], unknown], "do": "delete"}
    with tenant_context(None):
        api = api_for(acme, admin_user)
        answer = api.post("/api/v1/knowledge-base/documents/several", body, format="json")
    assert (answer.status_code, sorted(answer.json()["done"])) == (200, sorted(keys[:2]))
    assert [(row["id"], row["code"]) for row in answer.json()["failed"]] == [(unknown, "not_found")]
    assert Document.objects.count() == 2
    with tenant_context(None):
        body = {"documents": keys[2:], "do": "delete"}
        refused = api_for(acme, member).post("/api/v1/knowledge-base/documents/several", body, format="json")
        none = api.post("/api/v1/knowledge-base/documents/several", {"documents": [], "do": "delete"}, format="json")
        many = [str(uuid.uuid4()) for _ in range(201)]
        much = api.post("/api/v1/knowledge-base/documents/several", {"documents": many, "do": "delete"}, format="json")
    assert {row["code"] for row in refused.json()["failed"]} == {"forbidden"} and not refused.json()["done"]
    assert none.status_code == much.status_code == 422 and Document.objects.count() == 2


def test_by_page_which_leads_back_to_the_list_as_it_was(documents, admin_user, base, acme):
    with tenant_context(None):
        client = client_for(acme, admin_user)
        path = f"/knowledge/{base.pk}/documents/several/?q=rule"
        body = {"document": [str(documents[0].pk), "x"], "do": "tag", "tags": "gate, yard"}
        answer = client.post(path, body, follow=True)
        assert answer.redirect_chain == [(f"/knowledge/{base.pk}/?q=rule", 302)]
        assert "Done with 1 document." in answer.content.decode()
        assert "Choose at least one document." in client.post(path, {"do": "delete"}, follow=True).content.decode()
    assert tags()["rule-0.md"] == ["gate", "old", "yard"]


def test_the_page_names_a_few_that_failed(documents, admin_user, base, acme):
    Document.objects.update(state="uploaded")
    with tenant_context(None):
        body = {"document": [str(row.pk) for row in documents], "do": "read_again"}
        answer = client_for(acme, admin_user).post(f"/knowledge/{base.pk}/documents/several/", body, follow=True)
    assert answer.content.decode().count("being read already") >= 3 and "And 1 more." in answer.content.decode()
    assert "Done with" not in answer.content.decode()
