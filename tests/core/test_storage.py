"""A disk without room is told, wherever a request meets it; other errors stay what they are."""

import errno
import tempfile

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.storage import SpaceGuard
from tests.conftest import api_for, client_for

LARGE = b"# Depot\n\n" + b"The depot opens at six. " * 60_000


@pytest.fixture
def no_room(monkeypatch):
    """Temporary files take nothing."""
    real = tempfile._TemporaryFileWrapper.__getattr__

    def full(self, name):
        if name == "write":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, name)

    monkeypatch.setattr(tempfile._TemporaryFileWrapper, "__getattr__", full)


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["page", "api"])
def test_form_with_a_large_file(no_room, acme, admin_user, base, way):
    file = SimpleUploadedFile("depot.md", LARGE)
    if way == "page":
        answer = client_for(acme, admin_user).post(f"/knowledge/{base.pk}/documents/", {"file": file})
    else:
        answer = api_for(acme, admin_user).post("/api/v1/knowledge-base/upload", {"file": file}, format="multipart")
    assert (answer.status_code, answer["Retry-After"]) == (503, "600")
    assert b"The disk is full" in answer.content
    assert not base.documents.exists()


def answered(error, *, after_start=False):
    sent = []

    async def application(scope, receive, send):
        if after_start:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    async def send(message):
        sent.append(message)

    async_to_sync(SpaceGuard(application))({"type": "http"}, None, send)
    return sent


def test_body_that_finds_no_room_is_answered_503():
    start, body = answered(OSError(errno.ENOSPC, "full"))
    assert start["status"] == 503 and (b"retry-after", b"600") in start["headers"] and b"full" in body["body"]


@pytest.mark.parametrize(
    ("error", "after_start"), [(OSError(errno.EIO, "broken"), False), (OSError(errno.ENOSPC, "full"), True)]
)
def test_other_errors_and_begun_answers_stay_what_they_are(error, after_start):
    with pytest.raises(OSError, match=error.strerror):
        answered(error, after_start=after_start)
