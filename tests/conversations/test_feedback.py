"""People say of answers whether they are good; it reaches the agent's page, and as proposed questions the collections."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.audit.models import AuditEvent
from apps.conversations.models import Feedback
from apps.conversations.services import start_conversation
from apps.conversations.services.feedback import rate_answer, withdraw_feedback
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.tenancy import tenant_context
from apps.knowledge.models import Question
from apps.knowledge.services import upload_document
from apps.knowledge.services.questions import accept_question, add_questions, dismiss_question, measure
from tests.conftest import api_for, client_for

pytestmark = pytest.mark.django_db
QUESTION = "How many days of annual leave?"


@pytest.fixture
def answer(base, member, admin_user, agent, work):
    """What the built-in model answered from a handbook of one passage; it is the member's conversation."""
    text = b"# Leave\n\nStaff receive 28 days of annual leave.\n"
    upload_document(actor=admin_user, knowledge_base=base, upload=SimpleUploadedFile("handbook.md", text))
    work("documents")
    reply = start_conversation(actor=member, agent=agent, text=QUESTION)
    work("agents")
    reply.refresh_from_db()
    assert "28 days" in reply.text
    return reply


def test_a_good_answer_proposes_its_question_with_the_cited_passage(answer, base, member):
    rate_answer(actor=member, message=answer, is_good=True, comment="Right away.")
    row = Question.objects.get()
    assert (row.state, row.text, row.document_name, row.was_good) == ("proposed", QUESTION, "handbook.md", True)
    assert (row.quote, row.remark, row.knowledge_base) == (
        "Staff receive 28 days of annual leave.",
        "Right away.",
        base,
    )
    event = AuditEvent.objects.get(action="answer.rated")
    assert event.after == {"is_good": True, "has_words": True}


def test_a_bad_answer_proposes_it_without_a_document_and_with_the_correction(answer, member):
    rate_answer(actor=member, message=answer, is_good=False, comment="No.", correction="It is 30 days since May.")
    row = Question.objects.get()
    assert (row.document_name, row.quote, row.was_good, row.remark) == ("", "", False, "It is 30 days since May.")


def test_a_bad_answer_that_read_nothing_is_proposed_to_the_agents_collections(answer, agent, base, member):
    answer.citations.all().delete()
    rate_answer(actor=member, message=answer, is_good=True)
    assert not Question.objects.exists()  # nothing says which passage was good
    rate_answer(actor=member, message=answer, is_good=False)
    assert [row.knowledge_base for row in Question.objects.all()] == list(agent.knowledge_bases.all()) == [base]


def test_the_last_word_counts_and_can_be_taken_back(answer, member):
    rate_answer(actor=member, message=answer, is_good=False, comment="Wrong.")
    rate_answer(actor=member, message=answer, is_good=True)
    row = Feedback.objects.get()
    assert (row.is_good, row.comment, Question.objects.get().was_good) == (True, "", True)
    withdraw_feedback(actor=member, message=answer)
    withdraw_feedback(actor=member, message=answer)
    assert not Feedback.objects.exists() and not Question.objects.exists()
    assert AuditEvent.objects.filter(action="feedback.withdrawn").count() == 1


def test_only_finished_answers_are_rated(answer, member, agent):
    with pytest.raises(NotFound):
        rate_answer(actor=member, message=answer.parent, is_good=True)
    waiting = start_conversation(actor=member, agent=agent, text="And then?")
    with pytest.raises(NotFound):
        rate_answer(actor=member, message=waiting, is_good=True)
    with pytest.raises(InvalidInput) as caught:
        rate_answer(actor=member, message=answer, is_good=True, comment="x" * 4001)
    assert caught.value.field == "comment" and not Feedback.objects.exists()


def test_a_proposed_question_is_asked_once_somebody_adds_it(answer, base, member, admin_user, work):
    rate_answer(actor=member, message=answer, is_good=True)
    with pytest.raises(Conflict):
        measure(actor=admin_user, knowledge_base=base)
    row = Question.objects.get()
    assert accept_question(actor=admin_user, question=row, document="handbook.md", quote=row.quote) == 1
    found = measure(actor=admin_user, knowledge_base=base)
    work("documents")
    found.refresh_from_db()
    assert found.ranks == [{"question": QUESTION, "rank": 1}]
    with pytest.raises(Conflict):
        accept_question(actor=admin_user, question=row, document="handbook.md")
    withdraw_feedback(actor=member, message=answer)
    assert Question.objects.labelled().count() == 1


def test_what_was_dismissed_is_not_proposed_again_but_can_be_written(answer, base, member, admin_user):
    rate_answer(actor=member, message=answer, is_good=True)
    dismiss_question(actor=admin_user, question=Question.objects.get())
    rate_answer(actor=member, message=answer, is_good=False, correction="No.")
    row = Question.objects.get()
    assert (row.state, row.remark) == ("dismissed", "")
    with pytest.raises(Conflict):
        dismiss_question(actor=admin_user, question=row)
    rows = [{"question": QUESTION, "document": "handbook.md"}]
    assert add_questions(actor=admin_user, knowledge_base=base, rows=rows) == 1


def test_of_many_proposals_the_oldest_go(answer, base, member, monkeypatch):
    monkeypatch.setattr("apps.knowledge.services.questions.MOST_PROPOSED", 2)
    for n in range(3):
        Question.objects.create(knowledge_base=base, text=f"Older {n}", state="proposed")
    rate_answer(actor=member, message=answer, is_good=True)
    assert list(Question.objects.proposed().values_list("text", flat=True)) == [QUESTION, "Older 2"]


def test_page_of_the_conversation_takes_a_verdict_and_words(answer, member, member_client):
    address = f"/chat/{answer.conversation_id}/messages/{answer.pk}/rate/"
    with tenant_context(None):
        plain = member_client.post(address, {"verdict": "bad"})
        part = member_client.post(address, {"verdict": "bad", "comment": "Too short."}, headers={"HX-Request": "true"})
        long = member_client.post(address, {"verdict": "bad", "comment": "x" * 4001}, headers={"HX-Request": "true"})
        page = member_client.get(f"/chat/{answer.conversation_id}/").content.decode()
        turned = member_client.post(address, {"verdict": "good"}, headers={"HX-Request": "true"}).content.decode()
        told = member_client.post(address, {"verdict": "bad", "comment": "x" * 4001}, follow=True).content.decode()
        member_client.post(address, {"verdict": "none"})
        after = member_client.get(f"/chat/{answer.conversation_id}/").content.decode()
    assert plain.status_code == 302
    assert (part.status_code, "Too short." in part.content.decode()) == (200, True)
    assert (long.status_code, 'aria-invalid="true"' in long.content.decode()) == (422, True)
    assert "Too short." in turned  # the thumbs alone leave the words
    assert "at most 4000 characters" in told
    assert "What would have been right?" in page and "Too short." in page and 'aria-pressed="true"' in page
    assert 'aria-pressed="true"' not in after and not Feedback.objects.exists()


def test_whoever_may_change_the_agent_reads_what_was_said(acme, answer, agent, member, admin_user, member_client):
    rate_answer(actor=member, message=answer, is_good=False, comment="Too short.", correction="Say since when.")
    with tenant_context(None):
        page = client_for(acme, admin_user).get(f"/agents/{agent.pk}/feedback/").content.decode()
        none = client_for(acme, admin_user).get(f"/agents/{agent.pk}/feedback/?verdict=good").content.decode()
        refused = member_client.get(f"/agents/{agent.pk}/feedback/")
        listed = api_for(acme, admin_user).get(f"/api/v1/agents/{agent.pk}/feedback?verdict=bad").json()["results"]
    assert QUESTION in page and "Too short." in page and "Say since when." in page and member.name in page
    assert "Nothing matches." in none
    assert refused.status_code == 403
    assert [(row["question"], row["comment"], row["person"]) for row in listed] == [
        (QUESTION, "Too short.", member.name)
    ]


def test_api_takes_reads_and_forgets_it(answer, api):
    address = f"/api/v1/conversations/{answer.conversation_id}/messages/{answer.pk}/feedback"
    with tenant_context(None):
        before = api.get(address)
        put = api.put(address, {"is_good": False, "correction": "Thirty."})
        wrong = api.put(address, {"is_good": "perhaps"})
        read = api.get(address).json()
        gone = [api.delete(address).status_code for _ in range(2)]
    assert (before.status_code, put.status_code, wrong.status_code, gone) == (404, 200, 422, [204, 204])
    assert (read["is_good"], read["correction"]) == (False, "Thirty.")


def test_page_and_api_of_the_collection_decide_on_proposals(acme, answer, base, member, admin_user):
    client, api = client_for(acme, admin_user), api_for(acme, admin_user)
    rate_answer(actor=member, message=answer, is_good=True)
    row = Question.objects.get()
    with tenant_context(None):
        page = client.get(f"/knowledge/{base.pk}/questions/").content.decode()
        listed = api.get(f"/api/v1/knowledge-base/{base.pk}/questions?state=proposed").json()["results"]
        labelled = api.get(f"/api/v1/knowledge-base/{base.pk}/questions").json()["results"]
        wrong = api.post(f"/api/v1/knowledge-base/questions/{row.pk}/accept", {"document": "nowhere.md"})
        added = client.post(f"/questions/{row.pk}/decide/", {"add": "", "document": "handbook.md"}, follow=True)
        again = api.post(f"/api/v1/knowledge-base/questions/{row.pk}/dismiss")
    assert "Proposed from feedback" in page and "<option selected>handbook.md</option>" in page
    assert [(q["question"], q["was_good"], q["state"]) for q in listed] == [(QUESTION, True, "proposed")]
    assert labelled == []
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["document"])
    assert "The question is added." in added.content.decode()
    assert "Proposed from feedback" not in added.content.decode()
    assert again.status_code == 409
