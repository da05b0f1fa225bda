"""From an upload to a passage that is found, and back to nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, InvalidInput, TooLarge
from apps.knowledge import services
from apps.knowledge.models import Chunk, ChunkVector384, Document, Posting
from tests.knowledge import samples

TEXT = b"# Handbook\n\n## Leave\n\nStaff receive 28 days of annual leave.\n\n## Sickness\n\nCall your manager before 9:30.\n"


def upload(member, base, name="handbook.md", data=TEXT):
    return services.upload_document(actor=member, knowledge_base=base, upload=SimpleUploadedFile(name, data))


def test_uploaded_document_becomes_searchable(member, base, work):
    document, is_new = upload(member, base)
    assert (is_new, document.state) == (True, "uploaded")
    work("documents")
    document.refresh_from_db()
    assert (document.state, document.progress, document.chunk_count) == ("ready", 100, 2)
    hit = services.search_documents(actor=member, query="How many days of leave?")[0]
    assert (hit.document, hit.heading, hit.score) == ("handbook.md", "Handbook › Leave", 1.0)
    assert ChunkVector384.objects.count() == 2
    base.refresh_from_db()
    assert (base.chunk_count, base.term_count) == (2, sum(Chunk.objects.values_list("length", flat=True)))


def test_same_bytes_are_stored_once(member, base, work):
    first, _ = upload(member, base)
    again, is_new = upload(member, base, name="copy.md")
    assert (again.pk, is_new, Document.objects.count()) == (first.pk, False, 1)


def test_new_version_replaces_the_old_one_when_it_is_ready(member, base, work):
    old, _ = upload(member, base)
    work("documents")
    new, _ = upload(member, base, data=TEXT.replace(b"28", b"30"))
    assert "28 days" in services.search_documents(actor=member, query="days of leave")[0].text
    work("documents")
    assert list(Document.objects.values_list("pk", flat=True)) == [new.pk]
    assert "30 days" in services.search_documents(actor=member, query="days of leave")[0].text


def test_failed_document_says_why_and_can_be_tried_again(member, base, work):
    document, _ = upload(member, base, "locked.pdf", samples.pdf(("a", "b"), password="x"))
    work("documents")
    document.refresh_from_db()
    assert (document.state, document.failed_at) == ("failed", "checked")
    assert "password" in document.error
    services.retry_document(actor=member, document=document)
    work("documents")
    document.refresh_from_db()
    assert document.state == "failed"


def test_document_that_did_not_fail_is_not_tried_again(member, base, work):
    document, _ = upload(member, base)
    with pytest.raises(Conflict):
        services.retry_document(actor=member, document=document)


def test_deleted_document_leaves_nothing(member, base, work, django_capture_on_commit_callbacks):
    from pathlib import Path

    document, _ = upload(member, base)
    work("documents")
    path = Path(document.file.path)
    assert path.exists()
    document.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_document(actor=member, document=document)
    base.refresh_from_db()
    assert (Chunk.objects.count(), Posting.objects.count(), base.chunk_count, base.term_count) == (0, 0, 0, 0)
    assert not path.exists()


def test_document_deleted_while_it_waits_is_no_error(member, base, work):
    document, _ = upload(member, base)
    services.delete_document(actor=member, document=document)
    assert work("documents") == 1


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.md", b"", "empty"),
        ("a.dwg", b"x", "unsupported"),
        ("a.pdf", b"hello", "mismatch"),
        ("", b"x", "unsupported"),
        ("a.txt", b"\0\0", "mismatch"),
        ("a.docx", b"%PDF-1.7", "mismatch"),
    ],
)
def test_bad_file_is_refused_at_once(member, base, name, data, code):
    with pytest.raises(InvalidInput) as error:
        upload(member, base, name or "x", data)
    assert error.value.code == code
    assert Document.objects.count() == 0


def test_huge_file_is_refused(member, base, settings):
    settings.MAX_DOCUMENT_BYTES = 10
    with pytest.raises(TooLarge):
        upload(member, base)


def test_name_with_a_path_is_only_a_name(member, base):
    document, _ = upload(member, base, "../../etc/passwd.md")
    assert document.name == "passwd.md"
    assert document.file.path.endswith(f"t_acme/documents/{document.pk}")


def test_upload_is_audited(member, base):
    document, _ = upload(member, base)
    event = AuditEvent.objects.get(action="document.uploaded")
    assert (event.actor_name, event.target_id, event.after["name"]) == ("Mo Member", str(document.pk), "handbook.md")


def test_question_in_another_language_is_found_by_words(member, base, work):
    upload(member, base, "urlaub.md", "# Urlaub\n\nVollzeitkräfte erhalten 30 Urlaubstage im Jahr.\n".encode())
    upload(member, base)
    work("documents")
    assert (
        services.search_documents(actor=member, query="Wie viele Urlaubstage gibt es im Jahr?")[0].document
        == "urlaub.md"
    )


def test_empty_query_is_refused(member, base):
    with pytest.raises(InvalidInput):
        services.search_documents(actor=member, query="  ")
