"""Conversations as files: what stands in them, whose citations, and that they can be opened."""

import io
import json

import docx
import pypdfium2
import pytest

from apps.accounts.services import sharing
from apps.audit.models import AuditEvent
from apps.conversations.models import Citation, Conversation, Message
from apps.core.errors import NotFound, TooLarge
from apps.conversations import exports
from tests.conftest import api_for, client_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(in_acme):
    from apps.accounts.models import User
    from django.contrib.auth.models import Group

    made = User.objects.create_user(email="colleague@acme.example", password=None, name="Colleague")
    made.groups.add(Group.objects.get(name="Member"))
    return made


@pytest.fixture
def talk(in_acme, agent, member, base):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from apps.knowledge.services import documents

    upload = SimpleUploadedFile("leave.md", b"# Leave\n\nEverybody gets 28 days.")
    document, _is_new = documents.upload_document(actor=member, knowledge_base=base, upload=upload)
    row = Conversation.objects.create(owner=member, agent=agent, title="Days of leave")
    said = ["How *many*?\nSay.", "## Leave\n\nIt is 28 [2].", "And then?", "Still 28 [1], as said [3]."]
    for position, text in enumerate(said):
        role = Message.Role.ASSISTANT if position % 2 else Message.Role.USER
        message = Message.objects.create(conversation=row, position=position, role=role, text=text)
        for number, quote in {
            1: [(2, "Everybody gets 28 days.")],
            3: [(1, "Everybody gets 28 days."), (3, "Else.")],
        }.get(position, []):
            Citation.objects.create(
                **{"message": message, "number": number, "document": document, "document_name": "leave.md"},
                **{"quote": quote, "is_cited": True, "page": 3},
            )
    Message.objects.create(conversation=row, position=9, role="user", text="HIDDEN branch", is_shown=False)
    return row


def test_markdown_numbers_sources_through(talk, acme, member):
    answer = client_for(acme, member).get(f"/chat/{talk.pk}/export.md")
    text = answer.content.decode()
    assert answer["Content-Disposition"].startswith('attachment; filename="days-of-leave-')
    assert text.startswith("# Days of leave") and "> How *many*?\n> Say." in text and "HIDDEN" not in text
    assert "It is 28 [1]." in text and "Still 28 [1], as said [2]." in text and "#### Leave" in text
    assert text.rstrip().endswith("1. leave.md, Page 3\n2. leave.md, Page 3")
    saved = AuditEvent.objects.get(action="conversation.saved")
    assert (saved.target_id, saved.after) == (str(talk.pk), {"as": "md"})


def test_code_in_an_answer_stays_as_it_is(talk, acme, member):
    code = "```python\n# no heading\nrows[1] = rows[2]\n```"
    talk.messages.filter(position=3).update(text=f"See `rows[1]` [1].\n\n{code}\n\n# After [3]\n\n```\n# open [1]")
    text = client_for(acme, member).get(f"/chat/{talk.pk}/export.md").content.decode()
    assert f"See `rows[1]` [1].\n\n{code}\n\n### After [2]\n\n```\n# open [1]" in text


def test_pdf_word_and_json_can_be_read(talk, acme, member):
    api = api_for(acme, member)
    pdf = api.get(f"/api/v1/conversations/{talk.pk}/export.pdf")
    page = pypdfium2.PdfDocument(pdf.content)[0].get_textpage().get_text_range()
    assert "Days of leave" in page and "Still 28 [1], as said [2]" in page
    word = api.get(f"/api/v1/conversations/{talk.pk}/export.docx")
    assert any("It is 28" in paragraph.text for paragraph in docx.Document(io.BytesIO(word.content)).paragraphs)
    told = json.loads(api.get(f"/api/v1/conversations/{talk.pk}/export.json").content)
    assert [message["role"] for message in told["messages"]] == ["user", "assistant"] * 2
    assert told["messages"][3]["citations"][0]["quote"] == "Everybody gets 28 days."
    assert api.get(f"/api/v1/conversations/{talk.pk}/export.exe").status_code == 404


def test_reader_gets_the_citations_that_they_may_see(talk, acme, colleague, base, admin_user):
    sharing.share(actor=None, shared=talk, to=colleague, level="view")
    reader = client_for(acme, colleague)
    assert "leave.md" in reader.get(f"/chat/{talk.pk}/export.md").content.decode()
    sharing.set_open(actor=admin_user, shared=base, is_open=False)
    text = reader.get(f"/chat/{talk.pk}/export.md").content.decode()
    assert "leave.md" not in text and "Everybody gets" not in text and "It is 28 ." in text
    told = json.loads(reader.get(f"/chat/{talk.pk}/export.json").content)
    assert all(message["citations"] == [] for message in told["messages"])
    assert AuditEvent.objects.filter(action="conversation.saved", actor_name=colleague.name).count() == 3


def test_others_get_nothing_and_too_long_is_said(talk, acme, colleague, member, monkeypatch):
    assert client_for(acme, colleague).get(f"/chat/{talk.pk}/export.md").status_code == 404
    with pytest.raises(NotFound):
        exports.file_of(actor=member, conversation=talk, kind="exe", messages=[], documents=None)
    monkeypatch.setattr(exports, "MOST_MESSAGES", 3)
    with pytest.raises(TooLarge):
        exports.messages_of(talk)
    assert api_for(acme, member).get(f"/api/v1/conversations/{talk.pk}/export.md").status_code == 413
