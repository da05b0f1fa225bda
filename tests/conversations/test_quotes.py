"""What an answer puts in quotation marks is looked for in the passages; what is not there is marked, by page and API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.citations import quote_span, unsupported_quotes
from apps.agents.types import Source
from apps.conversations import services
from apps.conversations.models import Message
from apps.knowledge.services import upload_document
from tests.conftest import api_for
from tests.standin.server import calls, says


PASSAGE = "Full-time staff receive 28 days of annual leave in each calendar year. Ask at least two weeks ahead; your manager’s answer comes within three days."
SOURCE = Source(1, "chunk", "document", "Handbook", PASSAGE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("“Full-time staff receive 28 days of annual leave” [1].", []),
        ('It says "full-time  STAFF receive 28 days of annual leave." [1]', []),
        ("„Ask at least two weeks ahead; your manager's answer comes“ [1]", []),
        ("«Full-time staff receive … in each calendar year» [1]", []),
        ("“**Full-time staff** receive 28 days” [1]", []),
        ("“Full-time staff receive 30 days of annual leave” [1].", ["Full-time staff receive 30 days of annual leave"]),
        (
            "“in each calendar year … Full-time staff are paid weekly” [1]",
            ["in each calendar year … Full-time staff are paid weekly"],
        ),
        ("The word “annual holiday” [1] is short.", []),
        ("He said “nothing of this stands anywhere” without a source.", []),
        ("“not said here at all” [1] and “nor said here either” [1]", ["not said here at all", "nor said here either"]),
        ("“not said here at all” [1]\n“not said here at all” [1]", ["not said here at all"]),
        ("", []),
    ],
)
def test_finds_what_no_passage_says(text, found):
    assert unsupported_quotes(text, [SOURCE]) == found


def test_span_is_where_the_quote_stands():
    start, end = quote_span("You ask two weeks ahead [1].", SOURCE)
    assert PASSAGE[start:end].startswith("Ask at least two weeks ahead")


@pytest.fixture
def handbook(base, member, work):
    upload = SimpleUploadedFile("handbook.md", f"# Leave\n\n{PASSAGE}\n".encode())
    upload_document(actor=member, knowledge_base=base, upload=upload)
    work("documents")


@pytest.mark.django_db
def test_answer_with_a_wrong_quote_is_marked(member, agent, handbook, scripted, work, acme, member_client):
    wrong = "“Everybody receives forty days of annual leave” [1], and “28 days of annual leave” [1]."
    scripted.script(calls("search_knowledge", {"query": "annual leave"}), says(wrong))
    reply = services.start_conversation(actor=member, agent=agent, text="How many days of annual leave?")
    work("agents")
    message = Message.objects.get(pk=reply.pk)
    assert message.unsupported == ["Everybody receives forty days of annual leave"]
    citation = message.citations.get(number=1)
    assert citation.chunk.text[citation.start : citation.end] == citation.quote
    page = member_client.get(f"/chat/{message.conversation_id}/").content.decode()
    assert "not found word for word" in page and page.count("Everybody receives forty days") >= 2
    rows = api_for(acme, member).get(f"/api/v1/conversations/{message.conversation_id}/messages").json()
    told = next(row for row in rows.get("results", rows) if row["id"] == str(message.pk))
    assert told["unsupported"] == message.unsupported and told["citations"][0]["start"] == citation.start
