"""From a chat completion to a run and back, without the wire; tests/browser/test_openai_client.py has OpenAI's own client do it."""

import pytest
from pydantic import ValidationError

from apps.agents.models import Agent, Run
from apps.core.errors import Conflict, InvalidInput, NotFound, TooLarge
from apps.protocols.completions.asking import begin, extension_of, finish_reason, message_of, usage_of
from apps.protocols.completions.shapes import ChatAsked
from apps.protocols.offered import offered_agents
from tests.standin.server import calls, says

pytestmark = pytest.mark.django_db
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def asked(*messages, **more):
    said = [{"role": role, "content": content} for role, content in messages]
    return ChatAsked.model_validate({"model": "handbook-guide", "messages": said} | more)


def test_agents_are_models_by_name(in_acme, agent, member):
    assert list(offered_agents(member)) == ["handbook-guide"]
    twin = Agent.objects.create(name="Handbook, guide!")
    assert list(offered_agents(member)) == ["handbook-guide", f"handbook-guide-{str(twin.pk)[:8]}"]
    run = begin(actor=member, asked=asked(("user", "Hello?"), model=str(twin.pk)))
    assert run.agent == twin
    Agent.objects.filter(pk=twin.pk).update(is_active=False)
    with pytest.raises(NotFound):
        begin(actor=member, asked=asked(("user", "Hello?"), model=str(twin.pk)))


def test_names_are_apart_and_fit(in_acme, agent, member):
    from apps.knowledge.models import KnowledgeBase
    from apps.protocols.model_context.offers import tools

    for name in ("All", "all!", "x" * 90, "x" * 80, "年假"):
        KnowledgeBase.objects.create(name=name)
    [Agent.objects.create(name="y" * 70 + end) for end in "ab"]
    offered = tools(member, lambda scope: True)
    assert len(offered) == 1 + 3 + KnowledgeBase.objects.count() and all(len(name) <= 64 for name in offered)
    assert offered["search_all"].base is None and "search_collection" in offered


def test_whole_conversation_reaches_the_model_in_order(in_acme, agent, member, scripted, work_on):
    scripted.script(says("Twenty-eight."))
    run = begin(
        actor=member,
        asked=asked(
            ("system", "Speak like a pirate."),
            ("user", "Hello"),
            ("assistant", "Good day."),
            ("user", [{"type": "text", "text": "How many"}, {"type": "text", "text": "days?"}]),
        ),
    )
    work_on()
    run.refresh_from_db()
    sent = scripted.asked[0].body["messages"]
    assert [each["role"] for each in sent] == ["system", "user", "assistant", "user"]
    assert sent[0]["content"].endswith("Speak like a pirate.") and sent[0]["content"].startswith(run.agent.instructions)
    assert sent[3]["content"] == "How many\ndays?"
    assert run.holds == ["private", "untrusted"]
    assert message_of(run) == {
        "role": "assistant",
        "content": "Twenty-eight.",
        "refusal": None,
        "annotations": [],
    }
    assert finish_reason(run) == "stop" and usage_of(run)["total_tokens"] > 0


def test_tools_of_the_program_are_handed_back_and_gone_on_from(in_acme, agent, member, scripted, work_on):
    scripted.script(calls("weather", {"city": "Bonn"}), says("It rains in Bonn."))
    first = begin(actor=member, asked=asked(("user", "Weather?"), tools=[WEATHER]))
    work_on()
    first.refresh_from_db()
    message = message_of(first)
    assert (first.state, finish_reason(first), message["content"]) == ("succeeded", "tool_calls", None)
    call = message["tool_calls"][0]
    assert call["function"] == {"name": "weather", "arguments": '{"city": "Bonn"}'}
    talk = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": message["tool_calls"]},
        {"role": "tool", "tool_call_id": call["id"], "content": "rain"},
    ]
    second = begin(actor=member, asked=ChatAsked(model="handbook-guide", messages=talk, tools=[WEATHER]))
    work_on()
    second.refresh_from_db()
    assert (second.answer, finish_reason(second)) == ("It rains in Bonn.", "stop")
    sent = scripted.asked[1].body["messages"][-3:]
    assert [each["role"] for each in sent] == ["user", "assistant", "tool"]
    assert sent[2]["content"] == "rain" and sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"] == call["id"]


def test_run_page_shows_what_was_handed_back(acme, in_acme, agent, member, scripted, work_on):
    from tests.conftest import client_for

    scripted.script(calls("weather", {"city": "<Bonn>"}))
    run = begin(actor=member, asked=asked(("user", "Weather?"), tools=[WEATHER]))
    work_on()
    page = client_for(acme, member).get(f"/runs/{run.pk}/").content.decode()
    assert "Handed back to the program that asked" in page and "&lt;Bonn&gt;" in page


def test_own_tools_are_used_and_cannot_be_replaced(in_acme, agent, member, scripted, work_on):
    search = WEATHER | {"function": {"name": "search_knowledge"}}
    with pytest.raises(InvalidInput) as refused:
        begin(actor=member, asked=asked(("user", "Hello?"), tools=[search]))
    assert refused.value.field == "tools"
    scripted.script(calls("search_knowledge", {"query": "leave"}), calls("weather", {}), says("Done."))
    run = begin(actor=member, asked=asked(("user", "Hello?"), tools=[WEATHER]))
    work_on()
    run.refresh_from_db()
    assert [event.name for event in run.events.filter(kind="tool")] == ["search_knowledge"]
    assert run.handed["calls"][0]["name"] == "weather"


def test_no_tools_where_none_are_wanted(in_acme, agent, member, scripted, work_on):
    scripted.script(says("No."))
    begin(actor=member, asked=asked(("user", "Weather?"), tools=[WEATHER], tool_choice="none"))
    work_on()
    assert "weather" not in [each["function"]["name"] for each in scripted.asked[0].body.get("tools", [])]


def test_citations_stand_where_they_are(in_acme, agent, base, member, scripted, work_on, work):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from apps.knowledge.services import documents

    upload = SimpleUploadedFile("leave.md", b"# Leave\n\nEverybody gets 28 days of leave.")
    document, _is_new = documents.upload_document(actor=member, knowledge_base=base, upload=upload)
    work("documents")
    scripted.script(calls("search_knowledge", {"query": "days of leave"}), says("It is 28 days [1]."))
    run = begin(actor=member, asked=asked(("user", "How many days?")))
    work_on()
    run.refresh_from_db()
    (annotation,) = message_of(run)["annotations"]
    where = annotation["url_citation"]
    assert run.answer[where["start_index"] : where["end_index"]] == "[1]" and where["title"] == "leave.md"
    assert where["url"].endswith(f"/documents/{document.pk}/")
    (citation,) = extension_of(run)["citations"]
    assert citation["quote"] == "Everybody gets 28 days of leave." and citation["document_id"] == str(document.pk)


def test_rules_look_at_a_history_that_a_program_brought(in_acme, agent, member, admin_user, scripted, work_on):
    from apps.agents.services import rule_sets

    rule = {"name": "No salaries", "stage": "input", "action": "block", "mentions": ["salary"], "text": "Ask HR."}
    rules = rule_sets.save_rule_set(actor=admin_user, values={"name": "House"}, rules=[rule])
    agent.rule_sets.add(rules)
    run = begin(actor=member, asked=asked(("user", "The salary of Ada?"), ("assistant", "Why?"), ("user", "Go on.")))
    work_on()
    run.refresh_from_db()
    assert (run.state, finish_reason(run)) == ("failed", "content_filter") and scripted.asked == []


def test_same_key_is_one_run(in_acme, agent, member):
    first = begin(actor=member, asked=asked(("user", "Hello?")), idempotency_key="k")
    assert begin(actor=member, asked=asked(("user", "Hello?")), idempotency_key="k") == first
    with pytest.raises(Conflict):
        begin(actor=member, asked=asked(("user", "Other?")), idempotency_key="k")
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    "messages",
    [
        [("system", "Only this.")],
        [("user", "Hi"), ("assistant", "Hello")],
        [("user", "Hi"), ("tool", "no call named")],
        [("user", "  ")],
    ],
)
def test_what_is_no_question_is_refused(in_acme, agent, member, messages):
    with pytest.raises(InvalidInput):
        begin(actor=member, asked=asked(*messages))
    assert not Run.objects.exists()


def test_too_much_is_refused(in_acme, agent, member):
    with pytest.raises(TooLarge):
        begin(actor=member, asked=asked(("user", "x" * 300_000), ("user", "y" * 200_000)))


@pytest.mark.parametrize(
    "more",
    [
        {"n": 2},
        {"messages": []},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x"}}]}]},
        {"response_format": {"type": "json_object"}},
        {"tools": [{"type": "function", "function": {"name": "no spaces please"}}]},
    ],
)
def test_what_agents_cannot_do_is_said(more):
    with pytest.raises(ValidationError):
        asked(("user", "Hi"), **more)
