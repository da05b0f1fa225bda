"""Pages that are pictures are read where an engine is installed; where none is, that is said plainly."""

import io
import shutil

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from apps.knowledge import ingestion, services
from apps.knowledge.models import Document, ReadPage
from tests.knowledge.samples import png_flood

pytestmark = pytest.mark.django_db
with_engine = pytest.mark.skipif(not shutil.which("tesseract"), reason="Tesseract is not installed here.")


def drawn(*lines):
    """A page with words as a scanner would give it."""
    page = Image.new("L", (1240, 700), 255)
    pen = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        pen.text((90, 90 + 70 * number), line, fill=0, font=ImageFont.load_default(size=40))
    return page


def as_bytes(page, kind):
    out = io.BytesIO()
    page.save(out, kind)
    return out.getvalue()


def scanned(*pages):
    """A PDF: a text is written, a picture is a scan."""
    out = io.BytesIO()
    sheet = canvas.Canvas(out, pagesize=(595, 336), invariant=1)
    for page in pages:
        if isinstance(page, str):
            sheet.drawString(72, 200, page)
        else:
            sheet.drawImage(ImageReader(page), 0, 0, 595, 336)
        sheet.showPage()
    sheet.save()
    return out.getvalue()


@pytest.fixture
def read(base, admin_user, work):
    def upload(name, data):
        file = SimpleUploadedFile(name, data)
        document, _is_new = services.upload_document(actor=admin_user, knowledge_base=base, upload=file)
        work("documents")
        document.refresh_from_db()
        return document

    return upload


@with_engine
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_picture_of_a_page_is_found_by_its_words(read, admin_user, base, kind):
    data = as_bytes(drawn("Parking permits", "The depot has forty bays."), kind)
    document = read(f"permits.{kind.lower()}", data)
    assert (document.state, document.kind, document.page_count) == (Document.State.READY, "image", 1)
    hit = services.search_documents(actor=admin_user, query="How many bays has the depot?", bases=[base])[0]
    assert "forty bays" in hit.text and hit.page == 1


@with_engine
def test_scanned_pages_stand_between_the_written_ones(read):
    document = read(
        "mixed.pdf", scanned("Written on the first page.", drawn("Scanned on the second."), "Written on the third.")
    )
    found = [(chunk.page, chunk.text) for chunk in document.chunks.order_by("position")]
    assert [page for page, _text in found] == [1, 2, 3] and "Scanned on the second" in found[1][1]
    assert (document.unread_pages, ReadPage.objects.count()) == (0, 0)


@with_engine
def test_pages_that_were_read_are_not_read_again(base, admin_user, work, monkeypatch):
    asked, real = [], ingestion.read_scan

    def dies_at_the_third(path, kind, number, languages):
        asked.append(number)
        if asked == [1, 2, 3]:
            raise SystemExit
        return real(path, kind, number, languages)

    monkeypatch.setattr(ingestion, "read_scan", dies_at_the_third)
    data = scanned(*(drawn(f"Page number {n}.") for n in range(1, 5)))
    file = SimpleUploadedFile("long.pdf", data)
    document, _is_new = services.upload_document(actor=admin_user, knowledge_base=base, upload=file)
    with pytest.raises(SystemExit):
        work("documents")
    from apps.core.tenancy import public_context
    from apps.jobs.models import Job

    with public_context():
        Job.objects.update(lease_until="2020-01-01T00:00Z")
    work("documents")
    document.refresh_from_db()
    assert asked == [1, 2, 3, 3, 4] and document.chunk_count == 4


@with_engine
def test_page_that_the_engine_gives_up_on_costs_no_other(read, monkeypatch):
    from apps.knowledge.parsers import unreadable

    real = ingestion.read_scan

    def gives_up(path, kind, number, languages):
        if number == 1:
            raise unreadable("too_long")
        return real(path, kind, number, languages)

    monkeypatch.setattr(ingestion, "read_scan", gives_up)
    document = read("two.pdf", scanned(drawn("Lost."), drawn("Kept on page two.")))
    assert (document.state, document.unread_pages) == (Document.State.READY, 1)
    assert [chunk.page for chunk in document.chunks.all()] == [2]


def test_without_an_engine_the_reason_is_told(read, monkeypatch):
    monkeypatch.setattr(ingestion, "scan_languages", lambda: "")
    document = read("permits.png", as_bytes(drawn("Parking permits"), "PNG"))
    assert document.state == Document.State.FAILED and "Tesseract" in document.error


def test_without_an_engine_what_is_written_is_read_and_the_rest_named(read, monkeypatch, client_of_admin):
    monkeypatch.setattr(ingestion, "scan_languages", lambda: "")
    document = read("mixed.pdf", scanned("Written on the first page.", drawn("Scanned."), drawn("Scanned too.")))
    assert (document.state, document.unread_pages, document.page_count) == (Document.State.READY, 2, 3)
    shown = client_of_admin.get(f"/documents/{document.pk}/").content.decode()
    assert "2 pages are pictures and were not read" in shown


@pytest.fixture
def client_of_admin(acme, admin_user):
    from tests.conftest import client_for

    return client_for(acme, admin_user)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("flood.png", png_flood(), "too much memory"),
        ("torn.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 60, "damaged"),
        ("torn.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 60, "damaged"),
    ],
)
def test_hostile_pictures_end_with_a_reason(read, name, data, words):
    document = read(name, data)
    assert document.state == Document.State.FAILED and words in document.error
