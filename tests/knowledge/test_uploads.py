"""Files that come in by parts: gone on with where they broke off, whole or not at all."""

import base64
import errno
import os
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.knowledge.models import Document, Upload
from apps.knowledge.services import uploads
from tests.conftest import api_for

pytestmark = pytest.mark.django_db
URL = "/api/v1/knowledge-base/uploads"
TEXT = b"# Depot\n\n" + b"The gate of the depot opens at six. " * 400
OCTETS = "application/offset+octet-stream"


@pytest.fixture
def api(admin_user, acme):
    client = api_for(acme, admin_user)
    client.defaults["HTTP_TUS_RESUMABLE"] = "1.0.0"
    return client


def begin(api, size=len(TEXT), **told):
    told = {"filename": "Depot.md", **told}
    pairs = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
    return api.post(URL, headers={"Upload-Length": str(size), "Upload-Metadata": pairs})


def send(api, place, offset, data):
    return api.patch(place, data, content_type=OCTETS, headers={"Upload-Offset": str(offset)})


def test_by_parts_to_a_document_that_is_found(api, base, work):
    place = begin(api, knowledge_base=str(base.pk), tags="Yard,Gate")["Location"]
    assert send(api, place, 0, TEXT[:5000])["Upload-Offset"] == "5000"
    asked = api.head(place)
    assert (asked.status_code, asked["Upload-Offset"], asked["Upload-Length"]) == (200, "5000", str(len(TEXT)))
    part = Upload.objects.get().path
    last = send(api, place, 5000, TEXT[5000:])
    document = Document.objects.get(pk=last["Document-Id"])
    assert (document.name, document.tags, document.uploaded_by.email) == (
        "Depot.md",
        ["gate", "yard"],
        "admin@acme.example",
    )
    assert document.file.open().read() == TEXT
    assert not Upload.objects.exists() and not part.exists()
    assert api.head(place).status_code == 404
    work("documents")
    document.refresh_from_db()
    assert document.state == "ready"
    assert AuditEvent.objects.filter(action="document.uploaded", target_id=document.pk).count() == 1


def test_what_came_in_twice_or_out_of_turn_is_refused_with_the_place(api, base):
    place = begin(api)["Location"]
    send(api, place, 0, TEXT[:100])
    for offset in (0, 99, 101):
        answer = send(api, place, offset, TEXT[offset : offset + 10])
        assert answer.status_code == 409
        assert "100 bytes" in answer.json()["detail"]
    assert Upload.objects.get().received_bytes == 100
    assert send(api, place, 100, TEXT[100:]).status_code == 204


def test_more_than_was_announced_leaves_what_there_was(api, base):
    place = begin(api, size=200)["Location"]
    send(api, place, 0, TEXT[:100])
    assert send(api, place, 100, TEXT[:101]).status_code == 413
    upload = Upload.objects.get()
    assert (upload.received_bytes, api.head(place)["Upload-Offset"]) == (100, "100")
    assert send(api, place, 100, TEXT[100:200]).status_code == 204
    assert Document.objects.get(name="Depot.md").file.open().read() == TEXT[:200]


@pytest.mark.parametrize(("size", "told", "status", "field"), [
    (0, {}, 422, "file"),
    (10**9, {}, 413, "file"),
    (10, {"filename": "/"}, 422, "name"),
    (10, {"knowledge_base": "x"}, 422, "knowledge_base"),
    (10, {"knowledge_base": "00000000-0000-0000-0000-000000000009"}, 404, ""),
    (10, {"tags": "x" * 60}, 422, "tags"),
])  # fmt: skip
def test_what_cannot_begin_says_why(api, base, size, told, status, field):
    answer = begin(api, size, **told)
    assert (answer.status_code, list(answer.json().get("errors", {}))) == (status, [field] if field else [])
    assert not Upload.objects.exists()


def test_headers_that_are_wrong_are_named(api, base):
    assert api.post(URL, headers={"Upload-Length": "many"}).json()["errors"].keys() == {"Upload-Length"}
    odd = api.post(URL, headers={"Upload-Length": "9", "Upload-Metadata": "filename %%%"})
    assert odd.json()["errors"].keys() == {"Upload-Metadata"}
    place = begin(api)["Location"]
    assert api.patch(place, {"a": 1}, format="json", headers={"Upload-Offset": "0"}).status_code == 415
    other = api.head(place, HTTP_TUS_RESUMABLE="0.2.2")
    assert (other.status_code, other["Tus-Version"]) == (412, "1.0.0")
    told = api.options(URL)
    assert (told.status_code, told["Tus-Extension"]) == (204, "creation,termination,expiration")


def test_a_wrong_kind_is_refused_with_its_first_bytes(api, base):
    place = begin(api, size=9_000_000, filename="film.mp4")["Location"]
    answer = send(api, place, 0, b"\0\0\0\x20ftypisom" + b"\0" * 5000)
    assert answer.status_code == 422 and "film.mp4" in answer.json()["detail"]
    assert not Upload.objects.exists() and api.head(place).status_code == 404


def test_the_same_bytes_are_the_document_that_stands(api, base):
    first, second = (send(api, begin(api)["Location"], 0, TEXT)["Document-Id"] for _ in range(2))
    assert first == second and not Upload.objects.exists()


def test_a_full_disk_is_told_and_what_came_in_stays(api, base, monkeypatch):
    place = begin(api)["Location"]
    send(api, place, 0, TEXT[:100])
    real = os.fdopen

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *args):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            self.file.write(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdopen", lambda *args, **kwargs: Full(real(*args, **kwargs)))
    answer = send(api, place, 100, TEXT[100:])
    assert (answer.status_code, answer["Retry-After"]) == (503, "600")
    monkeypatch.undo()
    assert api.head(place)["Upload-Offset"] == "100"
    document = send(api, place, 100, TEXT[100:])["Document-Id"]
    assert Document.objects.get(pk=document).file.open().read() == TEXT


def test_it_is_the_persons_own(api, base, member, acme, admin_user):
    place = begin(api)["Location"]
    send(api, place, 0, TEXT[:100])
    other = api_for(acme, member)
    other.defaults["HTTP_TUS_RESUMABLE"] = "1.0.0"
    for answer in (other.head(place), send(other, place, 100, TEXT[100:]), other.delete(place)):
        assert answer.status_code == 404
    path = Upload.objects.get().path
    assert api.delete(place).status_code == 204
    assert not Upload.objects.exists()
    assert api.delete(place).status_code == 404
    assert path.parent.exists()


def test_who_may_not_add_cannot_begin(acme, member, base, admin_user):
    from apps.accounts.services import sharing

    sharing.set_open(actor=admin_user, shared=base, is_open=False)
    sharing.share(actor=admin_user, shared=base, to=member, level="view")
    client = api_for(acme, member)
    client.defaults["HTTP_TUS_RESUMABLE"] = "1.0.0"
    assert begin(client, knowledge_base=str(base.pk)).status_code == 403


def test_what_nobody_goes_on_with_is_forgotten_after_a_day(api, base, django_capture_on_commit_callbacks):
    old, new = begin(api)["Location"], begin(api)["Location"]
    for place in (old, new):
        send(api, place, 0, TEXT[:100])
    pk = old.rsplit("/", 1)[1]
    path = Upload.objects.get(pk=pk).path
    Upload.objects.filter(pk=pk).update(updated_at=timezone.now() - timedelta(hours=25))
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.forget_unfinished() == 1
    assert not path.exists()
    assert (api.head(old).status_code, api.head(new).status_code) == (404, 200)


def test_without_script_files_are_sent_whole(acme, admin_user, base):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tests.conftest import client_for

    client, url = client_for(acme, admin_user), f"/knowledge/{base.pk}/documents/"

    def post(*names):
        return client.post(url, {"file": [SimpleUploadedFile(name, TEXT) for name in names]})

    wrong = post("film.mp4")
    assert wrong.status_code == 422 and "This type of file is not supported" in wrong.content.decode()
    some = post("Depot.md", "film.mp4")
    assert some.status_code == 302
    assert "This type of file is not supported" in client.get(some["Location"]).content.decode()
    assert [document.name for document in base.documents.all()] == ["Depot.md"]
    assert "Choose at least one file" in client.get(client.post(url)["Location"]).content.decode()
