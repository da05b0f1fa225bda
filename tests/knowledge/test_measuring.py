"""Labelled questions say how well a collection is found: the figures are those of the ranks, before and after a change."""

import math

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.knowledge import services
from apps.knowledge.models import Chunk, Measurement, Question
from apps.knowledge.services import passages, questions
from tests.conftest import api_for, client_for


pytestmark = pytest.mark.django_db
LEAVE = {"question": "How many days of annual leave?", "document": "leave.md", "quote": "28 days"}
NOTICE = {"question": "How long is the notice period?", "document": "notice.md", "quote": ""}
LOST = {"question": "Who pays for trains?", "document": "notice.md", "quote": "words that stand nowhere"}


@pytest.fixture
def filled(base, admin_user, work):
    for name, text in (
        ("leave.md", "# Leave\n\nStaff receive 28 days of annual leave."),
        ("notice.md", "# Notice\n\nThe notice period is four weeks."),
    ):
        upload = SimpleUploadedFile(name, text.encode())
        services.upload_document(actor=admin_user, knowledge_base=base, upload=upload)
    work("documents")
    return base


@pytest.fixture
def measured(filled, admin_user, work):
    questions.add_questions(actor=admin_user, knowledge_base=filled, rows=[LEAVE, NOTICE, LOST])

    def measure(note=""):
        made = questions.measure(actor=admin_user, knowledge_base=filled, note=note)
        work("documents")
        made.refresh_from_db()
        return made

    return measure


def test_figures_are_those_of_the_ranks(measured):
    found = measured("first")
    assert found.state == "done" and found.note == "first" and found.passage_count == 2
    assert {row["question"]: row["rank"] for row in found.ranks} == {
        LEAVE["question"]: 1,
        NOTICE["question"]: 1,
        LOST["question"]: None,
    }
    assert found.figures == {
        "recall@1": 0.6667,
        "recall@5": 0.6667,
        "recall@10": 0.6667,
        "mrr@10": 0.6667,
        "ndcg@10": 0.6667,
    }


def test_a_change_is_seen(measured, admin_user):
    measured("before")
    chunk = Chunk.objects.get(text__startswith="Staff receive")
    passages.set_left_out(actor=admin_user, chunk=chunk, is_left_out=True)
    after = measured("after")
    assert after.figures["recall@10"] == 0.3333


def test_second_place_counts_less(measured, admin_user, filled, work):
    upload = SimpleUploadedFile("more.md", b"# Notice\n\nThe notice period, the notice period: how long is it?")
    services.upload_document(actor=admin_user, knowledge_base=filled, upload=upload)
    work("documents")
    found = measured()
    assert {row["question"]: row["rank"] for row in found.ranks}[NOTICE["question"]] == 2
    assert found.figures["mrr@10"] == pytest.approx((1 + 1 / 2) / 3, abs=1e-4)
    assert found.figures["ndcg@10"] == pytest.approx((1 + 1 / math.log2(3)) / 3, abs=1e-4)


def test_new_version_of_a_document_counts(measured, admin_user, filled, work):
    upload = SimpleUploadedFile("leave.md", b"# Leave\n\nStaff receive 28 days of annual leave, and two more.")
    services.upload_document(actor=admin_user, knowledge_base=filled, upload=upload)
    work("documents")
    assert measured().figures["recall@1"] == 0.6667


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (LEAVE | {"question": " "}, "question"),
        (LEAVE | {"question": "x" * 501}, "question"),
        (LEAVE | {"document": "else.md"}, "document"),
    ],
)
def test_refuses_what_is_no_question(admin_user, filled, row, field):
    with pytest.raises(InvalidInput) as refused:
        questions.add_questions(actor=admin_user, knowledge_base=filled, rows=[row])
    assert refused.value.field == field and not Question.objects.exists()


def test_only_who_manages_the_collection(member, filled):
    with pytest.raises(Forbidden):
        questions.add_questions(actor=member, knowledge_base=filled, rows=[LEAVE])
    with pytest.raises(Forbidden):
        questions.measure(actor=member, knowledge_base=filled)


def test_not_without_questions_and_not_twice(admin_user, filled):
    with pytest.raises(Conflict):
        questions.measure(actor=admin_user, knowledge_base=filled)
    questions.add_questions(actor=admin_user, knowledge_base=filled, rows=[LEAVE])
    questions.measure(actor=admin_user, knowledge_base=filled)
    with pytest.raises(Conflict):
        questions.measure(actor=admin_user, knowledge_base=filled)


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"question,document,quote\nOne?,leave.md,28 days\n\nTwo?,notice.md,\n", 2),
        ("\ufeffQuestion;Document\nÜber Urlaub?;leave.md\n".encode(), 1),
    ],
)
def test_rows_of_a_file(admin_user, filled, data, count):
    assert questions.add_questions(actor=admin_user, knowledge_base=filled, rows=questions.rows_of(data)) == count


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b'question,document\n"' + b"x" * 200_000])
def test_files_that_are_none(data):
    with pytest.raises(InvalidInput):
        questions.rows_of(data)


def test_by_page(acme, admin_user, filled, work):
    client = client_for(acme, admin_user)
    address = f"/knowledge/{filled.pk}/questions/"
    assert "No questions yet" in client.get(address).content.decode()
    assert client.post(address, {"question": "", "document": "leave.md"}).status_code == 422
    assert "There is 1 question now" in client.post(address, LEAVE, follow=True).content.decode()
    wrong = SimpleUploadedFile("q.csv", b"question,document\nOne?,none.md\n")
    refused = client.post(address, {"file": wrong})
    assert refused.status_code == 422 and "none.md" in refused.content.decode()
    right = SimpleUploadedFile("q.csv", b"question,document\nHow long is the notice period?,notice.md\n")
    assert "There are 2 questions now" in client.post(address, {"file": right}, follow=True).content.decode()
    assert (
        "Being measured"
        in client.post(f"/knowledge/{filled.pk}/measure/", {"note": "first"}, follow=True).content.decode()
    )
    work("documents")
    Chunk.objects.filter(text__startswith="The notice").update(text="Other words.")
    client.post(f"/knowledge/{filled.pk}/measure/", {"note": "second"})
    work("documents")
    shown = client.get(address).content.decode()
    assert "first" in shown and "second" in shown and "place 1" in shown and 'class="b1"' in shown
    question = Question.objects.get(text=LEAVE["question"])
    assert "The question is removed" in client.post(f"/questions/{question.pk}/remove/", follow=True).content.decode()


def test_by_api(acme, admin_user, filled, work):
    api = api_for(acme, admin_user)
    address = f"/api/v1/knowledge-base/{filled.pk}/questions"
    assert api.post(address, {"questions": [LEAVE, NOTICE]}, format="json").json() == {"count": 2}
    assert api.post(address, {"questions": [LEAVE | {"document": "x"}]}, format="json").status_code == 422
    rows = api.get(address).json()["results"]
    assert {row["question"] for row in rows} == {LEAVE["question"], NOTICE["question"]}
    made = api.post(f"/api/v1/knowledge-base/{filled.pk}/measurements", {"note": "now"}, format="json")
    assert made.status_code == 202 and made.json()["state"] == "waiting"
    work("documents")
    [found] = api.get(f"/api/v1/knowledge-base/{filled.pk}/measurements").json()["results"]
    assert found["figures"]["recall@1"] == 1.0 and len(found["ranks"]) == 2
    assert api.delete(f"/api/v1/knowledge-base/questions/{rows[0]['id']}").status_code == 204
    assert Measurement.objects.count() == 1
