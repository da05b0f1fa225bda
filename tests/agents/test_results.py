"""What a run came to is saved as PDF, Word file, Markdown or JSON, by page and API."""

import io
from threading import BoundedSemaphore

import docx
import orjson
import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core import saving
from apps.agents.results import file_of
from apps.agents.models import Run
from apps.audit.models import AuditEvent
from apps.conversations.services import start_conversation
from apps.core.errors import NotFound, TooLarge, Unavailable
from apps.core.tenancy import tenant_context
from apps.knowledge.services import upload_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(base, member, admin_user, agent, work):
    """A run that answered with a quote from a handbook."""
    text = b"# Leave\n\nStaff receive 28 days of annual leave.\n"
    upload_document(actor=admin_user, knowledge_base=base, upload=SimpleUploadedFile("handbook.md", text))
    work("documents")
    reply = start_conversation(actor=member, agent=agent, text="How many days of annual leave?")
    work("agents")
    return Run.objects.get(pk=reply.run_id)


def words_of(data):
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data))


def test_each_kind_says_the_answer_its_sources_and_who_asked(run, member, acme):
    made = {kind: file_of(actor=member, run=run, kind=kind) for kind in ("pdf", "docx", "md")}
    document = docx.Document(io.BytesIO(made["docx"].data))
    texts = {
        "pdf": words_of(made["pdf"].data),
        "docx": "\n".join(paragraph.text for paragraph in document.paragraphs),
        "md": made["md"].data.decode(),
    }
    for kind, text in texts.items():
        for words in ("28 days of annual leave", "handbook.md", member.name, run.agent.name, run.title, str(run.pk)):
            assert words in text, (kind, words)
        assert made[kind].name == f"how-many-days-of-annual-leave-{str(run.pk)[:8]}.{kind}"
    assert acme.name in texts["pdf"] and acme.name in texts["docx"]
    events = AuditEvent.objects.filter(action="result.saved").order_by("at")
    assert [event.after["as"] for event in events] == ["pdf", "docx", "md"]


def test_what_is_not_there_or_too_long_is_refused(run, member):
    for kind in ("json", "exe"):
        with pytest.raises(NotFound):
            file_of(actor=member, run=run, kind=kind)
    run.answer = "x" * 300_001
    with pytest.raises(TooLarge):
        file_of(actor=member, run=run, kind="pdf")
    Run.objects.filter(pk=run.pk).update(state="running")
    run.refresh_from_db()
    with pytest.raises(NotFound):
        file_of(actor=member, run=run, kind="md")
    assert not AuditEvent.objects.filter(action="result.saved").exists()


def test_whoever_waits_too_long_is_told_to_come_again(run, member, monkeypatch):
    monkeypatch.setattr("apps.core.saving._drawing", BoundedSemaphore(1))
    monkeypatch.setattr("apps.core.saving.PATIENCE_S", 0.01)
    saving._drawing.acquire()
    with pytest.raises(Unavailable):
        file_of(actor=member, run=run, kind="pdf")
    saving._drawing.release()
    assert file_of(actor=member, run=run, kind="pdf").data


def test_page_and_api_send_files_to_save(run, member_client, api):
    Run.objects.filter(pk=run.pk).update(result={"days": 28}, blueprint="leave")
    with tenant_context(None):
        page = member_client.get(f"/runs/{run.pk}/result.pdf")
        shown = member_client.get(f"/runs/{run.pk}/").content.decode()
        word = api.get(f"/api/v1/runs/{run.pk}/result.docx")
        typed = api.get(f"/api/v1/runs/{run.pk}/result.json")
        wrong = api.get(f"/api/v1/runs/{run.pk}/result.exe")
    assert page.headers["Content-Disposition"] == f'attachment; filename="leave-{str(run.pk)[:8]}.pdf"'
    assert (page.headers["Content-Type"], page.content[:4]) == ("application/pdf", b"%PDF")
    assert f"/runs/{run.pk}/result.docx" in shown
    assert word.content[:2] == b"PK" and orjson.loads(typed.content) == {"days": 28}
    assert wrong.status_code == 404
