"""Passages are changed, split and left out by hand; what answers cite, what nobody uses and why something was found can be seen."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.conversations.models import Citation, Conversation, Message
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.knowledge import services
from apps.knowledge.models import Chunk, ChunkVector384, Document, KnowledgeBase, Posting
from apps.knowledge.services import passages
from tests.conftest import api_for, client_for


pytestmark = pytest.mark.django_db
TEXT = b"# Leave\n\nStaff receive 28 days of annual leave.\n\n# Notice\n\nGive four weeks of notice in writing.\n"


@pytest.fixture
def document(base, admin_user, work):
    upload = SimpleUploadedFile("handbook.md", TEXT)
    stored, _is_new = services.upload_document(actor=admin_user, knowledge_base=base, upload=upload)
    work("documents")
    stored.refresh_from_db()
    assert (stored.state, stored.chunk_count) == ("ready", 2)
    return stored


@pytest.fixture
def first(document):
    return document.chunks.get(position=0)


def found(user, query):
    return [hit.text for hit in services.search_documents(actor=user, query=query)]


def counters(base):
    fresh = KnowledgeBase.objects.get(pk=base.pk)
    rows = Chunk.objects.filter(knowledge_base=base, is_left_out=False)
    return (fresh.chunk_count, fresh.term_count), (rows.count(), sum(rows.values_list("length", flat=True)))


def has_vector(chunk):
    return ChunkVector384.objects.filter(chunk=chunk).exists()


def test_changed_text_is_found_by_words_and_meaning(admin_user, member, base, first, work):
    assert has_vector(first)
    former = ChunkVector384.objects.get(chunk=first).embedding
    passages.change_passage(actor=admin_user, chunk=first, text="Everybody gets thirty days of holiday.")
    assert found(member, "holiday thirty")[0].startswith("Everybody") and "28" not in str(found(member, "annual"))
    assert not has_vector(first)
    work("documents")
    assert has_vector(first) and ChunkVector384.objects.get(chunk=first).embedding != former
    kept, real = counters(base)
    assert kept == real
    first.refresh_from_db()
    assert first.changed_by == admin_user and first.changed_at is not None
    assert AuditEvent.objects.filter(action="passage.changed", actor_id=admin_user.pk).exists()


def test_split_at_dashes(admin_user, member, base, document, first, work):
    rows = passages.change_passage(actor=admin_user, chunk=first, text="One leave.\n---\n\nTwo leave.\n --- \nThree.")
    assert [(row.position, row.text) for row in rows] == [(0, "One leave."), (1, "Two leave."), (2, "Three.")]
    work("documents")
    texts = list(document.chunks.order_by("position").values_list("position", "text", "heading"))
    assert texts[2:] == [(2, "Three.", "Leave"), (3, "Give four weeks of notice in writing.", "Notice")]
    document.refresh_from_db()
    assert document.chunk_count == 4 and all(has_vector(chunk) for chunk in document.chunks.all())
    kept, real = counters(base)
    assert kept == real


def test_left_out_and_taken_in_again(admin_user, member, base, document, first, work):
    passages.set_left_out(actor=admin_user, chunk=first, is_left_out=True)
    assert not any("28 days" in text for text in found(member, "annual leave"))
    assert not has_vector(first) and not Posting.objects.filter(chunk=first).exists()
    work("documents")
    assert not has_vector(first), "what is left out gets no vector"
    kept, real = counters(base)
    assert kept == real
    passages.set_left_out(actor=admin_user, chunk=Chunk.objects.get(pk=first.pk), is_left_out=False)
    work("documents")
    assert "28 days" in found(member, "annual leave")[0] and has_vector(first)
    assert counters(base)[0] == real_of(base)


def real_of(base):
    return counters(base)[1]


def test_left_out_is_not_counted_when_the_document_goes(admin_user, base, document, first):
    passages.set_left_out(actor=admin_user, chunk=first, is_left_out=True)
    services.delete_document(actor=admin_user, document=document)
    assert counters(base)[0] == (0, 0)


def test_what_is_left_out_can_be_changed_and_stays_out(admin_user, member, first, work):
    passages.set_left_out(actor=admin_user, chunk=first, is_left_out=True)
    passages.change_passage(actor=admin_user, chunk=Chunk.objects.get(pk=first.pk), text="Quite other.\n---\nAnd more.")
    work("documents")
    assert found(member, "other more") == [] or all("Quite" not in text for text in found(member, "other more"))


@pytest.mark.parametrize("text", ["", " \n ", "---", "x" * 8_001, "\n---\n".join(["a"] * 51)])
def test_refuses_a_text_that_is_none(admin_user, first, text):
    with pytest.raises(InvalidInput):
        passages.change_passage(actor=admin_user, chunk=first, text=text)


def test_only_who_looks_after_a_document_changes_it(member, first):
    with pytest.raises(Forbidden):
        passages.change_passage(actor=member, chunk=first, text="Mine.")
    with pytest.raises(Forbidden):
        passages.set_left_out(actor=member, chunk=first, is_left_out=True)


def test_not_while_it_is_read(admin_user, document, first):
    services.read_again(actor=admin_user, document=document)
    with pytest.raises(Conflict):
        passages.change_passage(actor=admin_user, chunk=first, text="Other.")
    with pytest.raises(Conflict):
        services.read_again(actor=admin_user, document=document)


def test_read_anew_from_its_file(admin_user, member, base, document, first, work):
    passages.change_passage(actor=admin_user, chunk=first, text="Nonsense.\n---\nMore of it.")
    services.read_again(actor=admin_user, document=document)
    assert "Nonsense." in found(member, "nonsense"), "found as before until it is read"
    work("documents")
    assert "Nonsense." not in found(member, "nonsense") and "28 days" in found(member, "annual leave")[0]
    document.refresh_from_db()
    assert (document.state, document.chunk_count) == ("ready", 2)
    kept, real = counters(base)
    assert kept == real


# -- use -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cited(document, first, member, agent):
    talk = Conversation.objects.create(owner=member, agent=agent, title="Leave")
    message = Message.objects.create(conversation=talk, position=1, role="assistant", text="28 days [1].")
    common = {"message": message, "document": document, "document_name": document.name, "quote": "28 days"}
    Citation.objects.create(number=1, is_cited=True, chunk=first, **common)
    Citation.objects.create(number=2, is_cited=False, chunk=document.chunks.get(position=1), **common)
    return message


def test_says_what_is_cited(document, cited, admin_user, acme):
    [row] = Document.objects.with_use()
    assert row.times_cited == 1 and row.last_cited_at == cited.created_at
    api = api_for(acme, admin_user)
    rows = api.get(f"/api/v1/knowledge-base/documents/{document.pk}/passages").json()["results"]
    assert [row["times_cited"] for row in rows] == [1, 0]
    page = client_for(acme, admin_user).get(f"/documents/{document.pk}/").content.decode()
    assert "1 time," in page and "cited 1 time" in page


def test_says_what_nobody_uses_and_what_is_old(document, acme, member, request):
    api = api_for(acme, member)

    def listed(use):
        answer = api.get("/api/v1/knowledge-base/documents", {"use": use} if use else {})
        return [row["name"] for row in answer.json()["results"]]

    assert listed("never") == ["handbook.md"] and listed("stale") == []
    request.getfixturevalue("cited")
    assert listed("never") == [] and listed("") == ["handbook.md"]
    Document.objects.update(created_at=timezone.now() - timedelta(days=366))
    assert listed("stale") == ["handbook.md"]
    assert api.get("/api/v1/knowledge-base/documents", {"use": "often"}).status_code == 422


# -- why -----------------------------------------------------------------------------------------------------------


def test_says_why_it_was_found(member, document):
    hits = services.search_documents(actor=member, query="How many days of annual leave?", is_explained=True)
    plain = services.search_documents(actor=member, query="How many days of annual leave?")
    assert [hit.chunk_id for hit in hits] == [hit.chunk_id for hit in plain]
    best = hits[0].why
    assert best.words + best.meaning == pytest.approx(hits[0].score, abs=0.001)
    assert {"annual", "days", "leave"} <= set(best.terms) and best.nearness > 0.4
    assert all(hit.why.terms == () or hit.why.words >= 0 for hit in hits)


def test_says_why_by_page_and_api(acme, member, base, document):
    query = {"query": "annual leave", "explain": True}
    api = api_for(acme, member)
    [best, *_rest] = api.post("/api/v1/knowledge-base/search", query, format="json").json()["results"]
    assert best["why"]["words"] > 0 and best["why"]["terms"]
    plain = api.post("/api/v1/knowledge-base/search", {"query": "annual leave"}, format="json").json()["results"][0]
    assert plain["why"] is None
    page = client_for(acme, member).get(f"/knowledge/{base.pk}/", {"question": "annual leave"}).content.decode()
    assert "Why this was found" in page and "By its meaning" in page


# -- pages and API -------------------------------------------------------------------------------------------------


def test_changed_by_page(acme, admin_user, member, document, first):
    client = client_for(acme, admin_user)
    assert "28 days" in client.get(f"/passages/{first.pk}/").content.decode()
    refused = client.post(f"/passages/{first.pk}/", {"text": " "})
    assert refused.status_code == 422 and "Write the text" in refused.content.decode()
    moved = client.post(f"/passages/{first.pk}/", {"text": "One.\n---\nTwo."}, follow=True).content.decode()
    assert "split into 2" in moved and "changed" in moved
    out = client.post(f"/passages/{first.pk}/search/", {"out": ""}, follow=True).content.decode()
    assert "Left out of searches" in out and "Take in again" in out
    seen = client_for(acme, member).get(f"/documents/{document.pk}/").content.decode()
    assert "Left out of searches" in seen and "Take in again" not in seen


def test_changed_by_api(acme, admin_user, first):
    api = api_for(acme, admin_user)
    address = f"/api/v1/knowledge-base/passages/{first.pk}"
    body = {"text": "One.\n---\nTwo.", "is_left_out": True}
    rows = api.patch(address, body, format="json").json()
    assert [(row["text"], row["is_left_out"]) for row in rows] == [("One.", True), ("Two.", True)]
    assert api.patch(address, {"text": " "}, format="json").status_code == 422
    assert api.patch(address, {}, format="json").json()[0]["text"] == "One."
