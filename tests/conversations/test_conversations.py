"""Talking by page and by API gives the same answer; what is not finished, not yours or not right is told as such."""

import pytest

from tests.conftest import api_for, client_for
from apps.conversations import rendering, services
from apps.conversations.branches import siblings_of
from apps.conversations.models import Citation, Conversation, Message
from apps.core.errors import Conflict, NotFound
from apps.core.tenancy import tenant_context
from apps.agents.types import StreamEvent
from tests.knowledge.test_ingestion import upload
from tests.standin.server import says


@pytest.fixture
def handbook(member, base, work):
    upload(member, base)
    work("documents")


def test_page_api_and_command_give_the_same_answer(member, agent, handbook, member_client, api, work, acme, capsys):
    question = "How many days of annual leave do we receive?"
    with tenant_context(None):
        page = member_client.post("/chat/", {"text": question})
        chat = api.post(f"/api/v1/agents/{agent.pk}/chat", {"text": question}).json()
    work("agents")
    by_page = Message.objects.get(conversation_id=page["Location"].split("/")[2], role="assistant")
    with tenant_context(None):
        by_api = api.get(f"/api/v1/conversations/{chat['conversation']}/messages/{chat['id']}").json()
    from django.core.management import call_command
    import json

    with tenant_context(None):
        call_command("ask", question, "--json", tenant="acme")
    by_command = json.loads(capsys.readouterr().out)
    assert "28 days" in by_page.text and by_page.unsupported == []
    assert by_page.text == by_api["text"] == by_command["answer"]
    quotes = [{"document": c["document"], "quote": c["quote"], "page": c["page"]} for c in by_api["citations"]]
    assert quotes == [{k: c[k] for k in ("document", "quote", "page")} for c in by_command["citations"]]
    assert quotes == [{"document": "handbook.md", "quote": "Staff receive 28 days of annual leave.", "page": None}]


def test_page_shows_the_answer_with_its_citation(agent, handbook, member_client, work):
    with tenant_context(None):
        address = member_client.post("/chat/", {"text": "How many days of annual leave?"})["Location"]
        assert b'http-equiv="refresh"' in member_client.get(address).content
    work("agents")
    with tenant_context(None):
        html = member_client.get(address).content.decode()
    assert 'class="cite" href="#src1"' in html and 'id="src1"' in html
    assert 'http-equiv="refresh"' not in html


def test_citation_keeps_its_quote_when_the_document_goes(member, agent, handbook, base, work):
    from apps.knowledge.services import delete_document

    message = services.start_conversation(actor=member, agent=agent, text="How many days of annual leave?")
    work("agents")
    delete_document(actor=member, document=base.documents.get())
    citation = Citation.objects.get(message=message, is_cited=True)
    assert (citation.chunk, citation.document, citation.document_name) == (None, None, "handbook.md")
    assert "28 days" in citation.quote


def test_second_message_waits_for_the_answer(member, agent, scripted):
    message = services.start_conversation(actor=member, agent=agent, text="One")
    with pytest.raises(Conflict):
        services.send_message(actor=member, conversation=message.conversation, text="Two")


def test_history_goes_to_the_model(member, agent, scripted, work):
    scripted.script(says("First."), says("Second."))
    message = services.start_conversation(actor=member, agent=agent, text="One")
    work("agents")
    services.send_message(actor=member, conversation=message.conversation, text="Two")
    work("agents")
    assert [m["content"] for m in scripted.requests[-1]["messages"][1:]] == ["One", "First.", "Two"]


def test_answer_again_hides_the_former_one(member, agent, scripted, work):
    scripted.script(says("First."), says("Better."))
    message = services.start_conversation(actor=member, agent=agent, text="One")
    work("agents")
    again = services.answer_again(actor=member, conversation=message.conversation, message=message)
    work("agents")
    assert texts(message.conversation) == ["One", "Better."]
    assert siblings_of([again]) == {again.pk: [message.pk, again.pk]}
    assert [m["content"] for m in scripted.requests[-1]["messages"][1:]] == ["One"]


def texts(conversation):
    return list(conversation.messages.shown().values_list("text", flat=True))


def test_a_question_cannot_be_answered_again_by_itself(member, agent, scripted, work):
    scripted.script(says("First."))
    message = services.start_conversation(actor=member, agent=agent, text="One")
    work("agents")
    with pytest.raises(NotFound):
        services.answer_again(actor=member, conversation=message.conversation, message=message.parent)


@pytest.fixture
def branched(member, agent, scripted, work):
    """One/First, Two/Second, then "Two" edited into "Other": the former branch is hidden."""
    scripted.script(says("First."), says("Second."), says("Third."))
    reply = services.start_conversation(actor=member, agent=agent, text="One")
    work("agents")
    second = services.send_message(actor=member, conversation=reply.conversation, text="Two")
    work("agents")
    services.send_message(actor=member, conversation=reply.conversation, text="Other", replaces=second.parent)
    work("agents")
    return reply.conversation


def test_edited_message_opens_a_branch(branched, scripted):
    assert texts(branched) == ["One", "First.", "Other", "Third."]
    assert [m["content"] for m in scripted.requests[-1]["messages"][1:]] == ["One", "First.", "Other"]


def test_branches_can_be_walked_there_and_back(branched, member_client):
    former = branched.messages.get(text="Two")
    page = f"/chat/{branched.pk}/"
    with tenant_context(None):
        html = member_client.get(page).content.decode()
        member_client.post(f"{page}messages/{former.pk}/show/")
        back = member_client.get(page).content.decode()
    assert "2 / 2" in html and "Two" not in html
    assert "1 / 2" in back and "Second." in back and "Other" not in back
    assert texts(branched) == ["One", "First.", "Two", "Second."]


def test_a_hidden_message_can_be_edited_on_its_own_branch(branched, member, scripted, work):
    scripted.script(says("Fourth."))
    former = branched.messages.get(text="Two")
    services.send_message(actor=member, conversation=branched, text="Again", replaces=former)
    work("agents")
    assert [m["content"] for m in scripted.requests[-1]["messages"][1:]] == ["One", "First.", "Again"]
    assert texts(branched)[2:] == ["Again", "Fourth."]


def test_first_message_can_be_edited(branched, member, scripted, work):
    scripted.script(says("Anew."))
    services.send_message(actor=member, conversation=branched, text="Zero", replaces=branched.messages.get(text="One"))
    work("agents")
    assert texts(branched) == ["Zero", "Anew."]


def test_no_branch_is_changed_while_an_answer_is_written(branched, member):
    services.send_message(actor=member, conversation=branched, text="Five")
    former = branched.messages.get(text="Two")
    with pytest.raises(Conflict):
        services.show_branch(conversation=branched, message=former)
    with pytest.raises(Conflict):
        services.send_message(actor=member, conversation=branched, text="x", replaces=former)


def test_branches_by_api(branched, api):
    edited = branched.messages.get(text="Other")
    former = branched.messages.get(text="Two")
    address = f"/api/v1/conversations/{branched.pk}/messages"
    with tenant_context(None):
        listed = api.get(address).json()["results"]
        shown = api.post(f"{address}/{former.pk}/show").json()
        sent = api.post(address, {"text": "New", "replaces": str(former.pk)})
        wrong = api.post(address, {"text": "New", "replaces": str(edited.conversation_id)})
    assert listed[1]["versions"] == [str(former.pk), str(edited.pk)]
    assert shown["is_shown"] is True
    assert (sent.status_code, wrong.status_code) == (202, 404)


def test_edit_without_a_script_keeps_what_was_typed(branched, member_client):
    message = branched.messages.get(text="Other")
    with tenant_context(None):
        response = member_client.post(f"/chat/{branched.pk}/messages/{message.pk}/edit/", {"text": "y" * 40_000})
    assert response.status_code == 422 and b"y" * 40_000 in response.content


def test_idempotency_key_gives_one_message(api, agent, in_acme):
    with tenant_context(None):
        path = f"/api/v1/agents/{agent.pk}/chat"
        first = api.post(path, {"text": "Hi"}, HTTP_IDEMPOTENCY_KEY="k1")
        again = api.post(path, {"text": "Hi"}, HTTP_IDEMPOTENCY_KEY="k1")
        other = api.post(path, {"text": "Ho"}, HTTP_IDEMPOTENCY_KEY="k1")
    assert (first.json()["id"], first.status_code) == (again.json()["id"], 202)
    assert (other.status_code, other.json()["title"]) == (409, "Idempotency key reused")
    assert Conversation.objects.count() == 1


def test_megabyte_message_is_refused_and_kept_for_the_person(member_client, agent):
    with tenant_context(None):
        response = member_client.post("/chat/", {"text": "x" * 40_000})
    assert response.status_code == 422
    assert b"too long" in response.content and b"x" * 40_000 in response.content


def test_search_finds_words_in_messages(member, agent, scripted, work):
    scripted.script(says("The gearbox needs oil."))
    services.start_conversation(actor=member, agent=agent, text="What now?")
    work("agents")
    services.start_conversation(actor=member, agent=agent, text="Something else")
    assert [c.title for c in Conversation.objects.matching("gearbox")] == ["What now?"]


def test_archive_and_back(member_client, member, agent, scripted, in_acme):
    message = services.start_conversation(actor=member, agent=agent, text="One")
    with tenant_context(None):
        member_client.post(f"/chat/{message.conversation_id}/archive/")
        assert b"No conversations yet" in member_client.get("/chat/", headers={"HX-Request": "true"}).content
        assert b"One" in member_client.get("/chat/?archive=1").content
        member_client.post(f"/chat/{message.conversation_id}/archive/", {"undo": "1"})
        assert b"One" in member_client.get("/chat/").content


def events(*texts):
    return [StreamEvent("text", {"d": text}) for text in texts]


def test_live_answer_sends_each_block_once():
    live = rendering.LiveAnswer("m")
    sent = []
    for event in events("One.\n\n", "Two.\n", "\nThree.\n"):
        live.apply(event)
        sent += [(f["t"], f["i"], f["html"]) for f in live.frames()]
    blocks = [entry for entry in sent if entry[0] == "blk"]
    assert blocks == [("blk", 0, "<p>One.</p>\n"), ("blk", 1, "<p>Two.</p>\n")]
    assert sent[-1] == ("tail", 2, "<p>Three.</p>\n")


def test_live_answer_goes_on_from_what_the_page_has():
    live = rendering.LiveAnswer("m", sent_blocks=1)
    for event in events("One.\n\nTwo.\n\nThree.\n"):
        live.apply(event)
    assert [(f["t"], f["i"]) for f in live.frames()] == [("blk", 1), ("tail", 2)]


def test_discard_takes_back_what_was_shown():
    live = rendering.LiveAnswer("m")
    for event in events("One.\n\nTwo.\n\n"):
        live.apply(event)
    live.frames()
    live.apply(StreamEvent("discard", {"text": ""}))
    live.apply(StreamEvent("text", {"d": "Other."}))
    assert [(f["t"], f["i"], f["html"]) for f in live.frames()] == [("tail", 0, "<p>Other.</p>\n")]


def test_form_of_two_megabytes_is_413(member_client, agent):
    with tenant_context(None):
        member_client.raise_request_exception = False
        response = member_client.post("/chat/", {"text": "x" * (2 << 20)})
    assert response.status_code == 413
    assert b"Upload long text as a document" in response.content


@pytest.mark.parametrize("length", [1, 12])
def test_queries_of_a_conversation_do_not_grow_with_it(
    length, member, agent, scripted, work, member_client, django_assert_max_num_queries
):
    message = services.start_conversation(actor=member, agent=agent, text="One")
    work("agents")
    for n in range(length - 1):
        services.send_message(actor=member, conversation=message.conversation, text=str(n))
        work("agents")
    with tenant_context(None), django_assert_max_num_queries(24):
        assert member_client.get(f"/chat/{message.conversation_id}/").status_code == 200


def test_question_without_an_agent_goes_to_the_one_that_fits(acme, member, agent, in_acme):
    agent.description = "Knows about annual leave and holidays."
    agent.save()
    api = api_for(acme, member)
    asked = api.post("/api/v1/agents/chat", {"text": "How many days of annual leave?"}, format="json")
    assert asked.status_code == 202
    row = Conversation.objects.get(pk=asked.json()["conversation"])
    assert row.agent == agent and row.chosen_because
    named = api.post("/api/v1/agents/chat", {"text": "Hello?", "agent": str(agent.pk)}, format="json")
    assert Conversation.objects.get(pk=named.json()["conversation"]).chosen_because == ""
    assert api.post("/api/v1/agents/chat", {"text": "Hi", "agent": "x"}, format="json").status_code == 422
    type(agent).objects.update(is_active=False)
    assert api.post("/api/v1/agents/chat", {"text": "Hello?"}, format="json").status_code == 404


def test_former_address_says_which_one_is_there_now(acme, member, agent):
    api = api_for(acme, member)
    former = api.post("/api/v1/agents/choose", {"text": "Leave?"}, format="json")
    assert former["Deprecation"].startswith("@") and former["Link"] == '</api/v1/agents/route>; rel="successor-version"'
    now = api.post("/api/v1/agents/route", {"text": "Leave?"}, format="json")
    assert now.json() == former.json() and "Deprecation" not in now


def test_what_was_read_is_not_sent_again_while_it_is_the_same(acme, member, agent, in_acme):
    api = api_for(acme, member)
    first = api.get("/api/v1/agents/")
    assert first.status_code == 200 and first["ETag"]
    again = api.get("/api/v1/agents/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["RateLimit"] and "ETag" not in client_for(acme, member).get("/agents/")
    agent.description = "Otherwise."
    agent.save()
    now = api.get("/api/v1/agents/", headers={"If-None-Match": first["ETag"]})
    assert now.status_code == 200 and now["ETag"] != first["ETag"]
    assert "ETag" not in api.post("/api/v1/agents/route", {"text": "Leave?"}, format="json")
