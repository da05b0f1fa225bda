"""A text becomes a document by page and API; what cannot be stored says why and stays on the page."""

import pytest

from apps.accounts.services import sharing
from apps.knowledge.models import Document
from tests.conftest import api_for, client_for

pytestmark = pytest.mark.django_db
TEXT = "# Leave\n\nStaff of the depot get 31 days of leave."


@pytest.fixture
def client(admin_user, acme):
    return client_for(acme, admin_user)


def test_by_page_to_the_search(client, base, work):
    url = f"/knowledge/{base.pk}/paste/"
    assert client.post(url, {"name": "Depot", "text": TEXT})["Location"] == f"/knowledge/{base.pk}/"
    work("documents")
    document = Document.objects.get(name="Depot.md")
    assert document.state == "ready"
    page = client.get(f"/knowledge/{base.pk}/?question=leave+of+the+depot").content.decode()
    assert "31 days of leave" in page


@pytest.mark.parametrize(
    ("name", "text", "status", "words"),
    [
        ("", TEXT, 422, "This field is required"),
        ("/", TEXT, 422, "Give the document a name"),
        ("Depot", " ", 422, "This field is required"),
        ("Depot", "x" * 200, 413, "is larger than"),
    ],
)
def test_what_cannot_be_stored_stays_on_the_page(client, base, settings, name, text, status, words):
    settings.MAX_DOCUMENT_BYTES = 100
    answer = client.post(f"/knowledge/{base.pk}/paste/", {"name": name, "text": text})
    page = answer.content.decode()
    assert (answer.status_code, words in page) == (status, True)
    assert name in page and text.strip() in page
    assert not Document.objects.filter(name="Depot.md").exists()


def test_by_api_once(admin_user, acme, base):
    api, sent = api_for(acme, admin_user), {"name": "a/b\\Depot.md", "text": TEXT, "tags": ["Leave"]}
    first, second = (api.post("/api/v1/knowledge-base/paste", sent, format="json") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert (first.json()["name"], first.json()["tags"]) == ("Depot.md", ["leave"])
    wrong = api.post("/api/v1/knowledge-base/paste", {"name": "x", "text": " "}, format="json")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["text"])


def test_who_may_not_add_sees_no_form(member, acme, base, admin_user):
    sharing.set_open(actor=admin_user, shared=base, is_open=False)
    sharing.share(actor=admin_user, shared=base, to=member, level="view")
    assert client_for(acme, member).get(f"/knowledge/{base.pk}/paste/").status_code == 403
