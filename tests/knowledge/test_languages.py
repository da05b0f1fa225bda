"""A document's language is found as it is read: its words are found in all their forms, and searches can be narrowed to it."""

import pytest

from apps.agents.tools.base import ToolContext
from apps.agents.tools.knowledge import SEARCH_KNOWLEDGE
from apps.core.tenancy import tenant_context
from apps.knowledge import services
from apps.knowledge.models import Document
from apps.knowledge.services.passages import change_passage
from apps.knowledge.types import Filters
from apps.providers.adapters.extractive.ranking import best_quotes
from apps.providers.types import Passage
from tests.knowledge.test_ingestion import upload

TEXTS = {
    "leave.md": "Staff receive 28 days of paid annual leave. They apply two weeks before.",
    "urlaub.md": "Alle Beschäftigten erhalten 28 Tage bezahlten Urlaub. Der Antrag wird zwei Wochen vorher gestellt.",
    "otpusk.md": "Сотрудники получают 28 дней оплачиваемого отпуска. Заявление подаётся за две недели.",
    "vacaciones.md": "Los empleados reciben 28 días de vacaciones pagadas. La solicitud se presenta dos semanas antes.",
}


@pytest.fixture
def rules(member, base, work):
    """The same rule in four languages."""
    for name, text in TEXTS.items():
        upload(member, base, name, text.encode())
    work("documents")


def found(member, question, **filters):
    hits = services.search_documents(actor=member, query=question, filters=Filters(**filters), is_explained=True)
    return {hit.document: hit for hit in hits}


def test_documents_have_the_language_they_are_written_in(rules, base):
    languages = dict(Document.objects.values_list("name", "language"))
    base.refresh_from_db()
    assert languages == {"leave.md": "en", "urlaub.md": "de", "otpusk.md": "ru", "vacaciones.md": "es"}
    assert sorted(base.languages) == ["de", "en", "es", "ru"]


@pytest.mark.parametrize(
    ("question", "document", "word"),
    [
        ("отпуск сотруднику", "otpusk.md", "отпуск"),
        ("empleada y solicitudes", "vacaciones.md", "empleada"),
        ("Anträge auf Urlaube", "urlaub.md", "urlaube"),
        ("annual leaves", "leave.md", "leaves"),
    ],
)
def test_words_are_found_in_other_forms(question, document, word, rules, member):
    hits = found(member, question)
    assert next(iter(hits)) == document
    assert word in hits[document].why.terms


def test_search_is_narrowed_to_a_language(rules, member):
    assert set(found(member, "28", language="ru")) == {"otpusk.md"}
    assert set(found(member, "28", language="fr")) == set()


def test_a_changed_passage_keeps_the_stems_of_its_language(rules, member, admin_user, work):
    chunk = Document.objects.get(name="otpusk.md").chunks.get()
    change_passage(actor=admin_user, chunk=chunk, text="Заявления подаются руководителю.")
    work("documents")
    assert next(iter(found(member, "заявление"))) == "otpusk.md"


def test_a_text_too_short_to_tell_has_no_language(member, base, work):
    upload(member, base, "short.txt", b"Badge 4711")
    work("documents")
    base.refresh_from_db()
    assert (Document.objects.get().language, base.languages) == ("", [])
    assert set(found(member, "badges")) == {"short.txt"}


def test_page_names_languages_and_narrows_to_them(rules, member_client, base):
    document = Document.objects.get(name="otpusk.md")
    with tenant_context(None):
        all_of_it = member_client.get(f"/knowledge/{base.pk}/").content.decode()
        narrowed = member_client.get(f"/knowledge/{base.pk}/?language=ru&question=28").content.decode()
        one = member_client.get(f"/documents/{document.pk}/").content.decode()
    assert '<option value="es">Spanish</option>' in all_of_it
    assert "otpusk.md" in narrowed and "leave.md" not in narrowed
    assert "<dt>Language</dt><dd>Russian</dd>" in one


def test_api_and_tool_narrow_to_a_language(rules, api, member, agent):
    with tenant_context(None):
        listed = api.get("/api/v1/knowledge-base/documents?language=ES").json()["results"]
        hits = api.post("/api/v1/knowledge-base/search", {"query": "28", "language": "de"}).json()["results"]
        wrong = api.get("/api/v1/knowledge-base/documents?language=klingonish")
    assert [(d["name"], d["language"]) for d in listed] == [("vacaciones.md", "es")]
    assert [hit["document"] for hit in hits] == ["urlaub.md"]
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["language"])

    def call(language):
        result = SEARCH_KNOWLEDGE.call(ToolContext(member, agent, (), "key"), {"query": "28", "language": language})
        return {source.document for source in result.sources}

    assert call("RU") == {"otpusk.md"}
    assert call("russian") == set(TEXTS)  # no code: it does not narrow


def test_quotes_are_picked_by_the_stems_of_the_language():
    text = "Руководитель подписывает договоры. Сотрудникам дают 28 дней отпусков. Офис открыт с девяти часов утра."
    best = best_quotes("Сколько дней отпуска у сотрудника?", [Passage(1, "Правила", text)], most=1, embedder=None)
    assert best[0].text == "Сотрудникам дают 28 дней отпусков."
