"""The built-in model searches, quotes word for word, and says what it is."""

import json

import pytest

from apps.providers.registry import embedding_port, extract_quotes
from apps.providers.types import ChatMessage, ChatRequest, Finished, Passage, TextDelta, ToolCall, ToolSpec

SEARCH = ToolSpec("search_knowledge", "", {"type": "object"})
PASSAGES = [
    Passage(1, "Handbook", "Full-time staff receive 28 days of annual leave. Ask two weeks ahead.", "Leave", 2, 1.0),
    Passage(
        2, "Handbook", "Call your manager before 9:30. A certificate is needed from the fourth day.", "Sickness", 3, 0.4
    ),
]


async def run(*messages):
    from apps.providers.adapters.extractive import Extractive

    request = ChatRequest("extractive", messages, (SEARCH,))
    return [event async for event in Extractive(embedder=embedding_port).stream(request)]


async def test_it_searches_first():
    call, end = await run(ChatMessage("user", "How many days?"))
    assert isinstance(call, ToolCall) and json.loads(call.arguments) == {"query": "How many days?"}
    assert isinstance(end, Finished) and end.reason == "tool_calls"


async def test_it_quotes_with_a_citation_and_says_so():
    result = json.dumps({"passages": [vars(p) for p in PASSAGES]})
    events = await run(
        ChatMessage("user", "How many days of annual leave?"), ChatMessage("tool", result, tool_call_id="1")
    )
    text = "".join(e.text for e in events if isinstance(e, TextDelta))
    assert "> Full-time staff receive 28 days of annual leave. [1]" in text
    assert "No language model is connected" in text


@pytest.mark.parametrize("result", ['{"passages": []}', "not json", "[]"])
async def test_it_says_when_there_is_nothing(result):
    events = await run(ChatMessage("user", "How many days?"), ChatMessage("tool", result, tool_call_id="1"))
    assert "found nothing" in "".join(e.text for e in events if isinstance(e, TextDelta))


def test_the_right_sentence_comes_first():
    quotes = extract_quotes("From which day do I need a certificate?", PASSAGES, most=2)
    assert (quotes[0].number, quotes[0].text) == (2, "A certificate is needed from the fourth day.")
    assert 0 < quotes[1].confidence < quotes[0].confidence <= 1


def test_embeddings_are_normalised_and_meaningful():
    vectors = embedding_port().embed(["annual leave", "yearly holidays", "hydraulic pump"])
    assert vectors.shape == (3, 384)
    assert abs(float(vectors[0] @ vectors[0]) - 1) < 1e-3
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
