"""A search can be narrowed to documents, tags and days, by page, API and the agent's tool alike."""

from datetime import datetime, timedelta, timezone

import pytest

from apps.agents.tools.base import ToolContext
from apps.agents.tools.knowledge import SEARCH_KNOWLEDGE
from apps.audit.models import AuditEvent
from apps.core.errors import InvalidInput
from apps.core.tenancy import tenant_context
from apps.knowledge import services
from apps.knowledge.candidates import by_words, nearest, scope_of
from apps.knowledge.embedding import Space
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.types import Filters
from tests.knowledge.test_ingestion import upload

NEW_DAY = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def years(member, base, work):
    """Two handbooks: that of 2025 (tags: policy, old), that of 2026 (tag: policy)."""
    documents = []
    for year, tags in ((2025, ["Policy ", "OLD"]), (2026, ["policy", "policy"])):
        text = f"# Leave\n\nIn {year} staff receive {year - 2000} days of annual leave.\n".encode()
        document, _ = upload(member, base, f"leave {year}.md", text)
        services.tag_document(actor=member, document=document, tags=tags)
        documents.append(document)
    work("documents")
    Document.objects.filter(pk=documents[0].pk).update(created_at=NEW_DAY - timedelta(days=365))
    Document.objects.filter(pk=documents[1].pk).update(created_at=NEW_DAY)
    return documents


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), [2025, 2026]),
        (Filters(tags=("policy",)), [2025, 2026]),
        (Filters(tags=("policy", "old")), [2025]),
        (Filters(tags=("nothing",)), []),
        (Filters(since=NEW_DAY.date()), [2026]),
        (Filters(until=NEW_DAY.date()), [2025, 2026]),
        (Filters(until=NEW_DAY.date() - timedelta(days=1)), [2025]),
    ],
)
def test_filters(filters, found, years, member):
    hits = services.search_documents(actor=member, query="annual leave", filters=filters)
    assert sorted({int(hit.document[6:10]) for hit in hits}) == found


def test_filter_by_document(years, member):
    hits = services.search_documents(actor=member, query="leave", filters=Filters(documents=(years[1].pk,)))
    assert {hit.document_id for hit in hits} == {years[1].pk}


def test_many_documents_are_searched_by_the_index_too(years, member, monkeypatch):
    monkeypatch.setattr("apps.knowledge.candidates.EXACT_UP_TO", 0)
    monkeypatch.setattr("apps.knowledge.candidates.EXACT_SHARE", 0)
    hits = services.search_documents(actor=member, query="annual leave", filters=Filters(tags=("old",)))
    assert [hit.document for hit in hits] == ["leave 2025.md"]


def test_tags_are_kept_in_lower_case_once_and_audited(years):
    assert [d.tags for d in Document.objects.order_by("created_at")] == [["old", "policy"], ["policy"]]
    event = AuditEvent.objects.filter(action="document.tagged").earliest("at")
    assert (event.before, event.after) == ({"tags": []}, {"tags": ["old", "policy"]})


@pytest.mark.parametrize("tags", [["x" * 41], [str(n) for n in range(21)]])
def test_too_many_or_too_long_tags_are_refused_and_kept_for_the_person(tags, years, member, member_client):
    with pytest.raises(InvalidInput):
        services.tag_document(actor=member, document=years[0], tags=tags)
    with tenant_context(None):
        response = member_client.post(f"/documents/{years[0].pk}/tags/", {"tags": ",".join(tags)})
    assert response.status_code == 422 and ",".join(tags) in response.content.decode()


def test_page_narrows_documents_and_passages(years, member_client, base):
    with tenant_context(None):
        page = member_client.get(f"/knowledge/{base.pk}/?tag=old&question=annual+leave").content.decode()
        wrong = member_client.get(f"/knowledge/{base.pk}/?since=2026-13-45")
    assert "leave 2025.md" in page and "leave 2026.md" not in page
    assert wrong.status_code == 200


def test_api_narrows_lists_and_searches(years, api):
    with tenant_context(None):
        listed = api.get("/api/v1/knowledge-base/documents?tags=policy&since=2026-03-01").json()["results"]
        found = api.post("/api/v1/knowledge-base/search", {"query": "leave", "documents": [str(years[0].pk)]}).json()
        wrong = api.get("/api/v1/knowledge-base/documents?since=yesterday")
        tagged = api.patch(f"/api/v1/knowledge-base/documents/{years[1].pk}", {"tags": ["New", " new"]}).json()
    assert [d["name"] for d in listed] == ["leave 2026.md"]
    assert [h["document"] for h in found["results"]] == ["leave 2025.md"]
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["since"])
    assert tagged["tags"] == ["new"]


def test_agents_tool_narrows_and_bears_a_day_that_is_none(years, member, agent):
    def call(**arguments):
        result = SEARCH_KNOWLEDGE.call(ToolContext(member, agent, (), "key"), {"query": "annual leave", **arguments})
        return {source.document for source in result.sources}

    assert call(tags=["OLD"]) == {"leave 2025.md"}
    assert call(since="2026-03-01") == {"leave 2026.md"}
    assert call(since="yesterday") == {"leave 2025.md", "leave 2026.md"}


def test_words_of_a_few_documents_are_found_though_rarer_ones_stand_elsewhere(
    years, member, admin_user, base, work, monkeypatch
):
    monkeypatch.setattr("apps.knowledge.candidates.MOST_POSTINGS", 1)
    monkeypatch.setattr("apps.knowledge.candidates.RESCORED", 2)
    monkeypatch.setattr("apps.knowledge.search.embed_question", lambda space, question: None)
    for n in range(5):
        text = f"Leave of part {n}, with zebra and gnu and okapi."
        services.paste_document(actor=admin_user, knowledge_base=base, name=f"Part {n}", text=text)
    services.paste_document(actor=admin_user, knowledge_base=base, name="Alone", text="Leave is all.", tags=["alone"])
    work("documents")
    asked = {"actor": member, "query": "leave zebra gnu okapi", "filters": Filters(tags=("alone",))}
    assert [hit.document for hit in services.search_documents(**asked)] == ["Alone.md"]


def test_a_place_without_passages_is_not_searched(in_acme, django_assert_num_queries):
    for scope in (
        scope_of([], Filters(tags=("none",))),
        scope_of(list(KnowledgeBase.objects.all()), Filters(tags=("none",))),
    ):
        with django_assert_num_queries(0):
            assert (by_words("leave days", scope), nearest(Space().table, Space().id, [0.1] * 384, scope)) == ({}, {})
