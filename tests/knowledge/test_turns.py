"""A large document is read in turns: what a turn did is kept, others go first, and in the end it is as if read at once."""

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.tenancy import public_context, tenant_context
from apps.jobs.models import Job
from apps.knowledge import ingestion, services
from apps.knowledge.models import Chunk, ChunkVector384, Document, KnowledgeBase, Reading, ReadingTurn

pytestmark = pytest.mark.django_db
PARTS = 100


def upload(base, actor, name="handbook.md", parts=PARTS):
    text = "".join(f"# Rule {n}\n\nRule number {n} of {name} says that gate {n} opens.\n\n" for n in range(parts))
    file = SimpleUploadedFile(name, text.encode())
    return services.upload_document(actor=actor, knowledge_base=base, upload=file)[0]


@pytest.fixture
def embedded(monkeypatch):
    """[number of texts] of each time that the model was asked; a function may be set to be called before."""
    asked, real = [], ingestion.embed_passages

    def noted(space, texts):
        if noted.before:
            noted.before(len(asked))
        asked.append(len(texts))
        return real(space, texts)

    noted.before = None
    monkeypatch.setattr(ingestion, "embed_passages", noted)
    asked_and = noted, asked
    return asked_and


def whole(document, base):
    document.refresh_from_db()
    base.refresh_from_db()
    assert (document.state, document.chunk_count) == (Document.State.READY, PARTS)
    assert Chunk.objects.filter(document=document).count() == base.chunk_count == PARTS
    assert ChunkVector384.objects.filter(chunk__document=document).count() == PARTS
    assert not Reading.objects.exists() and not ReadingTurn.objects.exists()


def test_vectors_are_those_of_the_passages(base, admin_user, work, embedded):
    document = upload(base, admin_user)
    work("documents")
    whole(document, base)
    assert embedded[1] == [8] * 12 + [4]
    from apps.knowledge.embedding import Space, embed_question

    found = services.search_documents(actor=admin_user, query="When does gate 77 open?", bases=[base], limit=1)
    assert "gate 77" in found[0].text
    vector = ChunkVector384.objects.get(chunk=found[0].chunk_id).embedding
    asked = embed_question(Space(), "Rule number 77 says that gate 77 opens")
    assert float(np.dot(vector, asked)) > 0.8


def test_what_a_dead_worker_had_done_is_not_done_again(base, admin_user, work, embedded):
    document, (noted, asked) = upload(base, admin_user), embedded

    def dies(count):
        if count == 3:
            raise SystemExit

    noted.before = dies
    with pytest.raises(SystemExit):
        work("documents")
    assert ReadingTurn.objects.count() == 3 and not Chunk.objects.filter(document=document).exists()
    noted.before = None
    with public_context():
        Job.objects.update(lease_until="2020-01-01T00:00Z")
    work("documents")
    whole(document, base)
    assert asked == [8] * 12 + [4]


def test_small_ones_of_others_go_first(base, admin_user, globex, work, embedded):
    from django.contrib.auth import get_user_model

    (noted, _asked), order = embedded, []

    def comes_in(count):
        if count == 1:
            with tenant_context(globex):
                other = KnowledgeBase.objects.get()
                actor = get_user_model().objects.first()
                for number in range(3):
                    upload(other, actor, f"{number}.md", parts=2)

    noted.before = comes_in
    large = upload(base, admin_user)
    from apps.knowledge.events import document_ready

    def note(sender, document, **kwargs):
        order.append(document.name)

    document_ready.connect(note)
    work("documents")
    document_ready.disconnect(note)
    assert order == ["0.md", "1.md", "2.md", "handbook.md"]
    whole(large, base)


def test_when_the_model_changes_between_turns_the_vectors_are_made_anew(base, admin_user, work, embedded):
    document, (noted, asked) = upload(base, admin_user), embedded

    def dies(count):
        if count == 2:
            raise SystemExit

    noted.before = dies
    with pytest.raises(SystemExit):
        work("documents")
    noted.before = None
    ReadingTurn.objects.update(space="00000000-0000-0000-0000-000000000007")
    with public_context():
        Job.objects.update(lease_until="2020-01-01T00:00Z")
    work("documents")
    whole(document, base)
    assert sum(asked) == 16 + PARTS


def test_reading_anew_that_fails_keeps_the_former_text(base, admin_user, work, monkeypatch):
    from apps.knowledge.errors import UnreadableDocument

    document = upload(base, admin_user)
    work("documents")
    services.read_again(actor=admin_user, document=document)

    def broken(path, kind):
        raise UnreadableDocument("damaged", "The file is damaged.")

    monkeypatch.setattr(ingestion, "read_file", broken)
    work("documents")
    whole(document, base)
    assert document.error == "Reading it anew failed, the former text stays: The file is damaged."


def test_reading_anew_that_is_cancelled_keeps_the_former_text(base, admin_user, work):
    from apps.jobs import services as jobs
    from apps.knowledge.types import INGEST

    document = upload(base, admin_user)
    work("documents")
    services.read_again(actor=admin_user, document=document)
    jobs.cancel(object_id=document.pk, kind=INGEST)
    work("documents")
    whole(document, base)
