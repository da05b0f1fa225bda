"""A citation opens a PDF at its page, with the passage marked where it stands."""

import io

import pytest
from PIL import Image

from apps.accounts.services import sharing
from apps.knowledge import services
from apps.knowledge.parsers import draw_page
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.conftest import api_for, client_for
from tests.knowledge.samples import HOSTILE, pdf

pytestmark = pytest.mark.django_db
TEXT = "The yard opens at six on working days.\nVans leave by the south gate after seven.\nThe gate closes at nine in the evening."


@pytest.fixture
def document(base, admin_user, work):
    file = SimpleUploadedFile("Yard.pdf", pdf(("Roads", "Keep left in the yard."), ("Gates", TEXT)))
    document, _is_new = services.upload_document(actor=admin_user, knowledge_base=base, upload=file)
    work("documents")
    document.refresh_from_db()
    return document


def marked(data):
    """The box of what is marked, as shares of the page's width and height; None: nothing is."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    red, _green, blue = image.split()
    yellow = Image.eval(blue, lambda v: 255 if 120 < v < 200 else 0)
    bright = Image.eval(red, lambda v: 255 if v > 240 else 0)
    box = Image.composite(yellow, Image.new("L", image.size), bright).getbbox()
    return box and tuple(round(value / image.size[n % 2], 2) for n, value in enumerate(box))


def test_passage_is_marked_where_it_stands(document):
    chunk = document.chunks.get(page=2)
    picture = services.page_picture(document, 2, chunk.pk)
    left, top, right, bottom = marked(picture)
    assert (round(left, 1), round(top, 1)) == (0.1, 0.1) and 0.3 < right < 0.6 and bottom < 0.2
    assert marked(services.page_picture(document, 2)) is None
    assert marked(services.page_picture(document, 1, chunk.pk)) is None


def test_by_page_and_api(document, admin_user, acme):
    chunk = document.chunks.get(page=2)
    client = client_for(acme, admin_user)
    shown = client.get(f"/documents/{document.pk}/?chunk={chunk.pk}").content.decode()
    address = f"/documents/{document.pk}/pages/2.png?chunk={chunk.pk}"
    assert address in shown and "Page 2 of Yard.pdf, with the passage marked" in shown
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    told = api_for(acme, admin_user).get(f"/api/v1/knowledge-base/documents/{document.pk}/pages/2?chunk={chunk.pk}")
    assert (told["Content-Type"], told.content) == ("image/png", answer.content)


@pytest.mark.parametrize("rest", ["pages/3.png", "pages/0.png", "pages/2.png?chunk=x", "pages/2.png?chunk=00000000-0000-0000-0000-000000000001"])  # fmt: skip
def test_what_is_not_there_is_not_found(document, admin_user, acme, rest):
    assert client_for(acme, admin_user).get(f"/documents/{document.pk}/{rest}").status_code == 404


def test_whoever_may_not_see_the_document_sees_no_page(document, admin_user, member, acme, base):
    sharing.set_open(actor=admin_user, shared=base, is_open=False)
    client = client_for(acme, member)
    assert client.get(f"/documents/{document.pk}/pages/2.png").status_code == 404


@pytest.mark.parametrize("name", [name for name in sorted(HOSTILE) if name.endswith(".pdf")])
def test_hostile_files_are_drawn_or_refused(name, tmp_path):
    from apps.knowledge.errors import UnreadableDocument

    path = tmp_path / name
    path.write_bytes(HOSTILE[name]())
    try:
        assert draw_page(path, 1, "Anything that may stand here.").startswith(b"\x89PNG")
    except UnreadableDocument as error:
        assert error.sentence
