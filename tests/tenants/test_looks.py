"""An organisation's colour, logo and sender: chosen by those who may, readable, drawn anew, on pages, paper and messages; of no other organisation."""

import io
import random
import re
import zipfile

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, PngImagePlugin

from apps.audit.models import AuditEvent
from apps.core import colours
from apps.core.errors import Forbidden, InvalidInput
from apps.core.paper import as_docx, as_pdf
from apps.core.paper.types import Paper
from apps.core.tenancy import public_context, tenant_context
from apps.mails.models import OutgoingMail
from apps.mails.services import send
from apps.tenants import looks, services
from tests.conftest import api_for, client_for


def picture(kind="PNG", size=(600, 200), **options):
    data = io.BytesIO()
    Image.new("RGB", size, "#8a1c4a").save(data, kind, **options)
    return data.getvalue()


# -- colours -----------------------------------------------------------------------------------------------------------


def test_contrast_is_that_of_the_standard():
    """Figures from WCAG's own examples and by hand: black on white is 21, #767676 on white the darkest grey that just passes."""
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_colour_that_is_taken_can_be_read_everywhere():
    dice = random.Random(11)
    tried = [f"#{dice.randrange(1 << 24):06x}" for _ in range(3_000)]
    taken = [each for each in tried if colours.contrast(each, "#ffffff") >= 4.5]
    assert len(taken) > 1_000
    for each in taken:
        theme = colours.theme_of(each)
        light, dark = (dict(zip(theme, values, strict=True)) for values in zip(*theme.values(), strict=True))
        for shades, surfaces in ((light, colours.LIGHT_SURFACES), (dark, colours.DARK_SURFACES)):
            for surface in (*surfaces, shades["accent-soft"]):
                assert colours.contrast(shades["accent-text"], surface) >= 4.5, (each, surface)
            assert colours.contrast(shades["on-accent"], shades["accent"]) >= 4.5, each
            assert colours.contrast(shades["on-accent"], shades["accent-hover"]) >= 4.5, each


@pytest.mark.parametrize("typed", ["red", "#fff", "#0b637", "0b6377", "#0b6377;x", "#zzzzzz"])
def test_what_is_no_colour_is_refused(typed):
    with pytest.raises(InvalidInput) as caught:
        looks.checked_accent(typed)
    assert caught.value.field == "accent"


def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can():
    with pytest.raises(InvalidInput) as caught:
        looks.checked_accent("#ffcc00")
    other = re.search(r"#[0-9a-f]{6}", str(caught.value.message))[0]
    assert looks.checked_accent(other) == other


# -- logos -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_and_small(kind):
    data, digest = looks.checked_logo(picture(kind, (3_000, 1_000)))
    assert Image.open(io.BytesIO(data)).size == (480, 160) and re.fullmatch("[0-9a-f]{16}", digest)


def test_nothing_else_stays_in_a_logo():
    about = PngImagePlugin.PngInfo()
    about.add_text("Comment", "<script>alert(1)</script>")
    data, _digest = looks.checked_logo(picture(pnginfo=about) + b"<?php system('x') ?>")
    assert b"script" not in data and b"php" not in data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        picture()[:200],
        picture("GIF"),
        picture(size=(5_000, 5_000)),
        b"\x89PNG" + b"x" * (2 << 20),
    ],
)
def test_what_is_no_logo_is_refused(data):
    with pytest.raises(InvalidInput) as caught:
        looks.checked_logo(data)
    assert caught.value.field == "logo"


# -- an organisation ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_looks_are_chosen_on_the_page_and_seen_before_anybody_signs_in(acme, admin_client, visitor):
    assert admin_client.get(reverse("looks")).status_code == 200
    sent = {"accent": "#8a1c4a", "mail_sender": "Acme post", "logo": SimpleUploadedFile("l.png", picture())}
    assert admin_client.post(reverse("looks"), sent).status_code == 302
    page = visitor.get("/accounts/login/").content.decode()
    style = re.search(r'href="(/looks/8a1c4a\.css)"', page)[1]
    logo = re.search(r'src="(/looks/[0-9a-f]{16}\.png)"', page)[1]
    assert "--accent:light-dark(#8a1c4a," in visitor.get(style).content.decode()
    answer = visitor.get(logo)
    assert answer["Content-Type"] == "image/png" and "immutable" in answer["Cache-Control"]
    assert admin_client.post(reverse("looks"), {"reset": "1"}).status_code == 302
    assert admin_client.post(reverse("looks"), {"remove": "1"}).status_code == 302
    page = visitor.get("/accounts/login/").content.decode()
    assert "/looks/" not in page and visitor.get(logo).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"accent": "#ffee00"}, "would do"),
        ({"accent": "#0b6377", "logo": SimpleUploadedFile("l.svg", b"<svg/>")}, "no picture"),
        ({"accent": "#0b6377", "mail_sender": "Acme <evil@x.example>"}, "signs of an address"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(admin_client, acme, sent, words):
    answer = admin_client.post(reverse("looks"), sent)
    assert answer.status_code == 422 and words in answer.content.decode()
    with public_context():
        acme.refresh_from_db()
    assert (acme.accent, acme.logo_digest, acme.mail_sender) == ("", "", "")


@pytest.mark.django_db
def test_looks_by_api_and_in_the_audit(acme, admin_user):
    api = api_for(acme, admin_user)
    sent = {"accent": "#8A1C4A", "logo": SimpleUploadedFile("l.png", picture())}
    answer = api.patch("/api/v1/config/looks", sent, format="multipart")
    assert answer.status_code == 200 and answer.json()["accent"] == "#8a1c4a" and answer.json()["logo"].endswith(".png")
    with tenant_context(acme):
        event = AuditEvent.objects.get(action="tenant.looks")
        assert event.after["accent"] == "#8a1c4a" and event.before["accent"] == ""
    assert api.patch("/api/v1/config/looks", {"accent": "#ffffff"}, format="json").status_code == 422
    assert api.patch("/api/v1/config/looks", {"logo": None, "accent": ""}, format="json").json() == {
        "accent": "",
        "mail_sender": "",
        "logo": "",
    }


@pytest.mark.django_db
def test_members_choose_nothing(in_acme, member):
    with pytest.raises(Forbidden):
        services.change_looks(actor=member, accent="#8a1c4a")


@pytest.mark.django_db
def test_no_organisation_has_the_logo_of_another(acme, globex, admin_user):
    with tenant_context(acme):
        services.change_looks(actor=admin_user, logo=picture())
        digest = acme.logo_digest
    assert client_for(globex).get(f"/looks/{digest}.png").status_code == 404
    assert "/looks/" not in client_for(globex).get("/accounts/login/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["ffee00", "zzz", "0b63770", "-"])
def test_style_of_what_is_no_readable_colour_is_not_there(visitor, name):
    assert visitor.get(f"/looks/{name}.css").status_code == 404


@pytest.mark.django_db
def test_messages_are_sent_under_the_name(in_acme, admin_user, settings):
    settings.EMAIL_BACKEND = "apps.mails.backends.OutboxBackend"
    settings.DEFAULT_FROM_EMAIL = "Guildhall <no-reply@guildhall.example>"
    services.change_looks(actor=admin_user, mail_sender="Ämter & Co", accent="#8a1c4a")
    send("account/email/welcome", to="new@acme.example", language="en", url="https://acme.example/")
    message = OutgoingMail.objects.latest("created_at").message()
    assert message.message()["From"].endswith("<no-reply@guildhall.example>")
    assert message.from_email == '"Ämter & Co" <no-reply@guildhall.example>'
    assert 'color="#8a1c4a"' in message.alternatives[0][0]
    assert mail.outbox == []


def test_paper_bears_colour_and_logo():
    logo, _digest = looks.checked_logo(picture())
    paper = Paper("Result", "Acme", "# Title\n\nText.", accent="#8a1c4a", logo=logo)
    plain = Paper("Result", "Acme", "# Title\n\nText.")
    assert len(as_pdf(paper)) > len(as_pdf(plain)) and b"/Image" in as_pdf(paper)
    with zipfile.ZipFile(io.BytesIO(as_docx(paper))) as written:
        assert any(name.startswith("word/media/") for name in written.namelist())
        assert "8A1C4A" in written.read("word/document.xml").decode() + written.read("word/styles.xml").decode()
