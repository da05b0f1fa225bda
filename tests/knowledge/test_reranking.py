"""The best ten by their best sentence: chosen by those who manage a collection, and followed by its searches."""

import pytest

from apps.audit.models import AuditEvent
from apps.knowledge import services
from apps.knowledge.models import KnowledgeBase
from apps.knowledge.reranking import reranked
from apps.knowledge.types import Hit
from tests.conftest import api_for, client_for

pytestmark = pytest.mark.django_db


def hit(text, score, name="a"):
    return Hit(chunk_id=name, document_id=name, document="Rules", text=text, heading="", page=None, score=score)


def test_the_sentence_that_answers_comes_first():
    words = hit("Gates, gates, gates: the gates of the yard. Gates are painted green.", 1.0, "words")
    answer = hit("Lunch is at noon. The gate of the yard opens at six in the morning.", 0.8, "answer")
    other = hit("Vans are washed on Fridays.", 0.1, "other")
    found = reranked("When does the gate of the yard open?", [words, answer, other])
    assert [each.chunk_id for each in found] == ["answer", "words", "other"]
    assert 1 >= found[0].score > found[1].score > found[2].score >= 0


def test_what_stands_behind_the_tenth_keeps_its_place():
    hits = [hit(f"Gate {n} opens at six.", 1 - n / 100, str(n)) for n in range(14)]
    found = reranked("When does gate 3 open?", hits)
    assert [each.chunk_id for each in found[10:]] == ["10", "11", "12", "13"]
    assert {each.chunk_id for each in found[:10]} == {str(n) for n in range(10)}


def test_nothing_to_compare_leaves_the_order():
    assert reranked("?", []) == []


@pytest.fixture
def filled(base, admin_user, work):
    for name, text in (
        ("Gates", "Gates, gates, gates: the gates of the yard. Gates are painted green."),
        ("Hours", "Lunch is at noon. The gate of the yard opens at six in the morning."),
    ):
        services.paste_document(actor=admin_user, knowledge_base=base, name=name, text=text)
    work("documents")
    base.refresh_from_db()
    return base


def test_by_page_and_api_with_its_audit(filled, admin_user, acme, monkeypatch):
    asked = []
    monkeypatch.setattr("apps.knowledge.search.reranked", lambda question, hits: asked.append(question) or hits[::-1])
    client = client_for(acme, admin_user)
    address, question = f"/knowledge/{filled.pk}/", "When does the gate open?"
    before = services.search_documents(actor=admin_user, query=question, bases=[filled])
    assert not asked and "Order by the best sentence" in client.get(address).content.decode()
    client.post(f"{address}model/", {"rerank": "1"})
    assert "Leave the order as found" in client.get(address).content.decode()
    after = services.search_documents(actor=admin_user, query=question, bases=[filled])
    assert asked == [question] and [h.chunk_id for h in after] == [h.chunk_id for h in before][::-1]
    answer = api_for(acme, admin_user).put(
        f"/api/v1/knowledge-base/{filled.pk}/ranking", {"is_reranked": False}, format="json"
    )
    assert answer.json()["is_reranked"] is False
    assert services.search_documents(actor=admin_user, query=question, bases=[filled]) == before
    told = AuditEvent.objects.filter(action="collection.ranking_chosen").order_by("at").values_list("after", flat=True)
    assert list(told) == [{"is_reranked": True}, {"is_reranked": False}]


def test_who_does_not_manage_it_does_not_choose(filled, member, acme):
    client_for(acme, member).post(f"/knowledge/{filled.pk}/model/", {"rerank": "1"})
    assert KnowledgeBase.objects.get(pk=filled.pk).is_reranked is False


def test_why_names_the_share_of_the_sentence(filled, admin_user):
    services.choose_ranking(actor=admin_user, knowledge_base=filled, is_reranked=True)
    hits = services.search_documents(
        actor=admin_user, query="When does the gate open?", bases=[filled], is_explained=True
    )
    for found in hits:
        assert abs(found.why.words + found.why.meaning + found.why.sentence - found.score) < 0.001
    assert hits[0].document == "Hours.md"
