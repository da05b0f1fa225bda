"""Collections that change their embedding model: beside the standing vectors, then at one blow; two sizes in one tenant."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.errors import Conflict, Forbidden
from apps.knowledge import services
from apps.knowledge.embedding import Space, embed_question
from apps.knowledge.models import (
    BUILT_IN_SPACE,
    Chunk,
    ChunkVector384,
    ChunkVector768,
    ChunkVector1024,
    Document,
    KnowledgeBase,
    every_vector_table,
    vectors_of_size,
)
from apps.knowledge.search import search
from apps.providers import breaker
from apps.providers.models import Provider, ProviderModel
from apps.providers.services import remove_model, save_model
from apps.providers.types import EMBEDDING_SIZES
from apps.usage.models import Budget, Price, UsageRecord
from tests.agents.test_runs import due_now
from tests.conftest import api_for
from tests.standin.server import fails

pytestmark = pytest.mark.django_db
TEXTS = {
    "leave.md": "# Leave\n\nStaff receive 28 days of annual leave each year.",
    "pump.md": "# Pump\n\nThe hydraulic pump needs oil every winter.",
}


@pytest.fixture
def admin(in_acme, admin_user):
    return admin_user


@pytest.fixture
def provider(admin, standin):
    standin.reset()
    made = Provider.objects.create(name="Stand-in", kind="openai_compatible", base_url=standin.url)
    breaker.reset(made)
    return made


@pytest.fixture
def small(admin, provider):
    return save_model(actor=admin, provider=provider, values={"name": "scripted-embed", "purpose": "embedding"})


@pytest.fixture
def large(admin, provider):
    return save_model(actor=admin, provider=provider, values={"name": "scripted-embed-1024", "purpose": "embedding"})


@pytest.fixture
def filled(base, admin, work):
    for name, text in TEXTS.items():
        upload(base, admin, name, text)
    work("documents")
    base.refresh_from_db()
    return base


def upload(base, admin, name, text):
    return services.upload_document(actor=admin, knowledge_base=base, upload=SimpleUploadedFile(name, text.encode()))[0]


def move(base, admin, model, work):
    services.choose_model(actor=admin, knowledge_base=base, model=model)
    work("documents")
    base.refresh_from_db()
    return base


def test_there_is_a_table_for_every_size():
    assert [vectors_of_size(size) for size in EMBEDDING_SIZES] == every_vector_table()
    for size, table in zip(EMBEDDING_SIZES, every_vector_table(), strict=True):
        assert table._meta.get_field("embedding").dimensions == size


def test_moves_and_is_found_by_the_new_model(filled, admin, small, standin, work):
    assert ChunkVector384.objects.count() == 2
    standin.embedded.clear()
    move(filled, admin, small, work)
    assert (filled.embedding_model, filled.is_moving, filled.move_error) == (small, False, "")
    assert ChunkVector768.objects.filter(space=small.pk).count() == 2 and not ChunkVector384.objects.exists()
    assert standin.embedded[0][1][0].startswith(("leave", "pump"))  # a passage goes with its document and heading
    hits = search("hydraulic", [filled])
    assert hits[0].document == "pump.md" and standin.embedded[-1] == ("scripted-embed", ["hydraulic"])
    asked = len(standin.embedded)
    search("hydraulic", [filled])
    assert len(standin.embedded) == asked  # found before
    assert move(filled, admin, None, work).embedding_model is None
    assert ChunkVector384.objects.filter(space=BUILT_IN_SPACE).count() == 2 and not ChunkVector768.objects.exists()


def test_new_documents_use_the_collections_model(filled, admin, small, work):
    move(filled, admin, small, work)
    upload(filled, admin, "new.md", "# New\n\nSomething about bicycles.")
    work("documents")
    assert ChunkVector768.objects.count() == 3 and not ChunkVector384.objects.exists()


def test_two_models_of_different_sizes_answer_one_question(filled, admin, small, large, work):
    other = services.create_collection(actor=admin, name="Machines")
    upload(other, admin, "valve.md", "# Valve\n\nThe hydraulic valve needs grease.")
    work("documents")
    move(filled, admin, small, work)
    move(other, admin, large, work)
    assert ChunkVector768.objects.count() == 2 and ChunkVector1024.objects.count() == 1
    found = {hit.document for hit in search("hydraulic", [filled, other])}
    assert {"valve.md", "pump.md"} <= found


def test_two_models_of_one_size_do_not_mix(filled, admin, small, provider, work):
    second = save_model(actor=admin, provider=provider, values={"name": "scripted-embed-768", "purpose": "embedding"})
    move(filled, admin, small, work)
    services.choose_model(actor=admin, knowledge_base=filled, model=second)
    from apps.knowledge.embedding import embed_passages, store_vectors
    from apps.knowledge.candidates import Scope, nearest

    chunks = list(Chunk.objects.filter(knowledge_base=filled))
    store_vectors(Space(second), chunks, embed_passages(Space(second), [c.text for c in chunks]))
    assert ChunkVector768.objects.count() == 4
    vector = embed_question(Space(small), "hydraulic")
    scope = Scope([filled], None, filled.chunk_count)
    assert len(nearest(Space(small).table, small.pk, vector, scope)) == 2
    work("documents")
    filled.refresh_from_db()
    assert filled.embedding_model == second and ChunkVector768.objects.count() == 2


def test_former_model_answers_until_the_move_is_done(filled, admin, small, standin, work):
    standin.embedding_faults = [fails(503)]
    move(filled, admin, small, work)
    assert filled.is_moving and filled.embedding_model is None
    assert search("annual leave", [filled])[0].document == "leave.md"
    due_now()
    work("documents")
    filled.refresh_from_db()
    assert not filled.is_moving and filled.embedding_model == small


def test_failure_that_stays_is_told_and_nothing_is_lost(filled, admin, small, standin, work, admin_client):
    standin.embedding_faults = [fails(401)]
    move(filled, admin, small, work)
    assert (filled.is_moving, filled.embedding_model) == (False, None)
    assert "did not accept the key" in filled.move_error
    assert ChunkVector384.objects.count() == 2 and not ChunkVector768.objects.exists()
    assert "did not accept the key" in admin_client.get(f"/knowledge/{filled.pk}/").content.decode()
    assert move(filled, admin, small, work).move_error == ""


def test_stopped_by_hand(filled, admin, small, standin, work):
    standin.embedding_faults = [fails(503)]
    move(filled, admin, small, work)
    with pytest.raises(Conflict):
        services.choose_model(actor=admin, knowledge_base=filled, model=None)
    services.stop_moving(actor=admin, knowledge_base=filled)
    due_now()
    work("documents")
    filled.refresh_from_db()
    assert (filled.is_moving, filled.next_model, filled.embedding_model) == (False, None, None)
    with pytest.raises(Conflict):
        services.stop_moving(actor=admin, knowledge_base=filled)


def test_deleted_collection_ends_its_move(filled, admin, small, work):
    services.choose_model(actor=admin, knowledge_base=filled, model=small)
    KnowledgeBase.objects.filter(pk=filled.pk).delete()
    work("documents")


def test_document_that_was_embedded_for_the_former_model_is_read_again(filled, admin, small, work, monkeypatch):
    """It is embedded, then the collection arrives elsewhere, then it would be stored: among vectors it cannot be compared with."""
    from apps.knowledge import ingestion

    spaces = []
    document, real = upload(filled, admin, "late.md", "# Late\n\nA late text."), ingestion.embed_passages

    def and_then_the_collection_moves(space, texts):
        spaces.append(space.model)
        found = real(space, texts)
        KnowledgeBase.objects.filter(pk=filled.pk).update(embedding_model=small)
        return found

    monkeypatch.setattr(ingestion, "embed_passages", and_then_the_collection_moves)
    work("documents")
    due_now()
    work("documents")
    document.refresh_from_db()
    assert document.state == Document.State.READY and spaces == [None, small]
    assert ChunkVector768.objects.filter(chunk__document=document).count() == 1


# -- money and trouble ---------------------------------------------------------------------------------------------


def test_every_call_is_metered(filled, admin, small, work):
    Price.objects.create(model=small, input=1, output=0)
    move(filled, admin, small, work)
    search("hydraulic", [filled])
    question, passages = UsageRecord.objects.all()
    assert (question.input_tokens, question.model_name, question.is_answered) == (1, "scripted-embed", True)
    assert passages.input_tokens > 10 and passages.cost > 0 and passages.output_tokens == 0


def test_spent_budget_stops_the_move_and_searching_goes_on_by_words(filled, admin, small, work):
    move(filled, admin, small, work)
    Budget.objects.create(name="Nothing", limit=0, measure="tokens")
    assert search("annual leave", [filled])[0].document == "leave.md"
    document = upload(filled, admin, "more.md", "# More\n\nMore text.")
    work("documents")
    document.refresh_from_db()
    assert document.state == Document.State.FAILED and "Nothing" in document.error


def test_search_without_its_model_finds_words_and_is_not_kept(filled, admin, small, standin, work):
    move(filled, admin, small, work)
    standin.embedding_faults = [fails(503)]
    assert search("annual leave", [filled])[0].document == "leave.md"
    asked = len(standin.embedded)
    search("annual leave", [filled])
    assert len(standin.embedded) == asked + 1


def test_document_waits_for_a_provider_that_is_away(filled, admin, small, standin, work):
    move(filled, admin, small, work)
    standin.embedding_faults = [fails(429, retry_after=7)]
    document = upload(filled, admin, "more.md", "# More\n\nMore text.")
    work("documents")
    document.refresh_from_db()
    assert document.state not in (Document.State.READY, Document.State.FAILED)
    due_now()
    work("documents")
    document.refresh_from_db()
    assert document.state == Document.State.READY


def test_changed_documents_are_found_at_once(filled, admin, work):
    assert [hit.document for hit in search("hydraulic pump", [filled])][0] == "pump.md"
    services.delete_document(actor=admin, document=Document.objects.get(name="pump.md"))
    filled.refresh_from_db()
    assert "pump.md" not in [hit.document for hit in search("hydraulic pump", [filled])]


# -- rights, page, API ---------------------------------------------------------------------------------------------


def test_who_may(filled, member, admin, small):
    with pytest.raises(Forbidden):
        services.choose_model(actor=member, knowledge_base=filled, model=small)


def test_model_in_use_is_not_removed(filled, admin, small, work):
    move(filled, admin, small, work)
    with pytest.raises(Conflict, match="Company documents"):
        remove_model(actor=admin, model=small)


def test_by_page(filled, admin, small, admin_client, work, in_acme):
    page = admin_client.get(f"/knowledge/{filled.pk}/").content.decode()
    assert "The built-in model" in page and "Stand-in: scripted-embed" in page
    admin_client.post(f"/knowledge/{filled.pk}/model/", {"model": str(small.pk)})
    assert "Changing to Stand-in: scripted-embed" in admin_client.get(f"/knowledge/{filled.pk}/model/").content.decode()
    work("documents")
    assert "Stop the change" not in admin_client.get(f"/knowledge/{filled.pk}/").content.decode()
    assert admin_client.post(f"/knowledge/{filled.pk}/model/", {"model": "x"}).status_code == 404


def test_by_api(filled, admin, small, acme, work):
    api, path = api_for(acme, admin), f"/api/v1/knowledge-base/{filled.pk}/embedding"
    assert api.get(path).json()["model"] is None
    begun = api.put(path, {"model": str(small.pk)})
    assert begun.status_code == 202 and begun.json()["is_moving"] is True
    work("documents")
    assert api.get(path).json() | {"is_moving": False} == {
        "model": str(small.pk),
        "next_model": None,
        "is_moving": False,
        "moved_percent": 0,
        "error": "",
    }
    chat = ProviderModel.objects.get(is_default=True)
    assert api.put(path, {"model": str(chat.pk)}).status_code == 422
    assert api.delete(path).status_code == 409
