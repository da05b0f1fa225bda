"""Every kind of provider over real HTTP: one conversation with tools, pictures, a schema and streaming, and what may go wrong."""

import json
from dataclasses import replace

import pytest

from apps.providers import errors
from apps.providers.registry import kinds
from apps.providers.types import ChatMessage, ChatRequest, Connection, Finished, Image, TextDelta, ToolCall, ToolSpec
from tests.standin.server import StandIn, calls, empty, fails, floods, raw, says, silent

KINDS = [key for key, kind in kinds().items() if not kind.is_built_in]
FOUR = ("openai", "openai_responses", "anthropic", "gemini")
WEATHER = ToolSpec(
    "weather",
    "The weather of a town.",
    {
        "type": "object",
        "properties": {"town": {"type": "string"}},
        "required": ["town"],
        "additionalProperties": False,
    },
)
SCHEMA = {
    "type": "object",
    "properties": {"degrees": {"type": "integer"}},
    "required": ["degrees"],
    "additionalProperties": False,
}
PIXEL = Image(
    "image/png",
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    ),
)


@pytest.fixture
def vendor():
    with StandIn() as server:
        yield server


def port_for(kind, vendor, **options):
    address = vendor.address_for(kind)
    return kinds()[kind].connect(
        Connection(address, "sk-test", timeout_s=options.pop("timeout_s", 5.0), allowed_hosts=frozenset({"127.0.0.1"}))
    )


async def ask(port, request):
    return [event async for event in port.stream(request)]


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("kind", KINDS)
async def test_conversation_with_tools_pictures_schema_and_streaming(kind, vendor):
    model = {"anthropic": "claude-sonnet-5-5", "gemini": "gemini-3-flash-preview"}.get(kind, "gpt-5-mini")
    vendor.script(
        calls("weather", {"town": "Bergen"}, text="Let me look.", usage={"cached": 4}),
        says('{"degrees": 7}', tokens=['{"deg', 'rees": ', "7}"], usage={"reasoning": 2}),
    )
    port = port_for(kind, vendor)
    question = ChatMessage("user", "How warm is it there?", images=(PIXEL,))
    asked = ChatRequest(model, (ChatMessage("system", "Be brief."), question), (WEATHER,), max_tokens=500)

    first = await ask(port, asked)
    call, end = [e for e in first if isinstance(e, ToolCall)][0], first[-1]
    assert text_of(first) == "Let me look." and (call.name, json.loads(call.arguments)) == (
        "weather",
        {"town": "Bergen"},
    )
    assert isinstance(end, Finished) and end.reason == "tool_calls"
    assert (end.usage.input_tokens, end.usage.output_tokens, end.usage.cached_tokens) == (11, 5, 4)

    entry = ChatMessage("assistant", "Let me look.", (call,), opaque=end.opaque)
    result = ChatMessage("tool", '{"degrees": 7}', tool_call_id=call.id)
    second = await ask(port, replace(asked, messages=(*asked.messages, entry, result), answer_schema=SCHEMA))
    assert text_of(second) == '{"degrees": 7}' and sum(isinstance(e, TextDelta) for e in second) == 3
    assert second[-1].reason == "stop"
    assert second[-1].usage.reasoning_tokens == (0 if kind == "anthropic" else 2)  # Anthropic does not tell them apart

    told, answered = vendor.asked
    assert (told.question, told.tools, told.images, told.max_tokens) == ("How warm is it there?", ("weather",), 1, 500)
    assert told.model == model and "Be brief." in json.dumps(told.body)
    assert answered.is_answered and "7" in answered.results[0]
    assert answered.schema["properties"] == SCHEMA["properties"]


@pytest.mark.parametrize("kind", KINDS)
async def test_models_are_listed(kind, vendor):
    listed = {model.name: model for model in await port_for(kind, vendor).models()}
    assert set(listed) == {"scripted", "scripted-large", "scripted-embed"}
    assert listed["scripted-embed"].is_embedding or kind in ("anthropic", "ollama")


FAULTS = {
    "too fast, with a wait": (fails(429, retry_after=7), errors.RateLimited),
    "too fast": (fails(429), errors.RateLimited),
    "500": (fails(500), errors.TransientError),
    "502": (fails(502), errors.TransientError),
    "overloaded": (fails(529), errors.TransientError),
    "no first token": (silent(20), errors.TransientError),
    "stall": (says("a b c d", stall_after=2), errors.TransientError),
    "half-closed": (says("a b c d", cut_after=2), errors.TransientError),
    "malformed": (raw("data: {not json"), errors.TransientError),
    "empty": (empty(), errors.TransientError),
    "empty answer": (says("", tokens=[""]), errors.TransientError),
    "100 MB": (floods(100), errors.TooLargeForUs),
    "key": (fails(401), errors.AuthError),
    "forbidden": (fails(403), errors.AuthError),
    "model": (fails(404), errors.UnknownModel),
    "bad request": (fails(400), errors.InvalidRequest),
}


@pytest.mark.parametrize("kind", FOUR)
@pytest.mark.parametrize("fault", FAULTS)
async def test_fault_is_told_in_the_words_of_the_port(kind, fault, vendor):
    turn, expected = FAULTS[fault]
    vendor.script(turn)
    port = port_for(kind, vendor, timeout_s=1.5)
    model = {"anthropic": "claude-sonnet-5-5", "gemini": "gemini-3-flash-preview"}.get(kind, "gpt-5-mini")
    with pytest.raises(errors.ProviderError) as caught:
        await ask(port, ChatRequest(model, (ChatMessage("user", "Hello"),)))
    assert isinstance(caught.value, expected), repr(caught.value.__cause__)
    assert str(caught.value) and "scripted" not in str(caught.value)
    assert len(vendor.asked) == 1, "a vendor's SDK tried again by itself"
    if fault == "too fast, with a wait":
        assert caught.value.retry_after_s == 7


@pytest.mark.parametrize("kind", FOUR)
async def test_nobody_there_is_told(kind):
    port = kinds()[kind].connect(
        Connection("http://127.0.0.1:9/v1", "k", timeout_s=2.0, allowed_hosts=frozenset({"127.0.0.1"}))
    )
    with pytest.raises(errors.Unreachable):
        await ask(port, ChatRequest("gpt-5-mini", (ChatMessage("user", "Hello"),)))


@pytest.mark.parametrize("kind", FOUR)
async def test_private_address_is_refused(kind):
    port = kinds()[kind].connect(Connection("http://127.0.0.1:9/v1", "k", timeout_s=2.0))
    with pytest.raises(errors.Unreachable):
        await ask(port, ChatRequest("gpt-5-mini", (ChatMessage("user", "Hello"),)))


@pytest.mark.parametrize("kind", ["openai", "openai_responses"])
async def test_spent_quota_is_not_tried_again(kind, vendor):
    vendor.script(fails(429, code="insufficient_quota"))
    with pytest.raises(errors.QuotaSpent):
        await ask(port_for(kind, vendor), ChatRequest("gpt-5-mini", (ChatMessage("user", "Hello"),)))


async def test_azures_older_addresses_name_the_deployment_and_the_version(vendor):
    vendor.script(says("Hello from a deployment."))
    connection = Connection(vendor.root, "azure-key", api_version="2024-10-21", allowed_hosts=frozenset({"127.0.0.1"}))
    events = await ask(
        kinds()["azure"].connect(connection), ChatRequest("our-deployment", (ChatMessage("user", "Hi"),), max_tokens=9)
    )
    assert text_of(events) == "Hello from a deployment."
    assert vendor.paths[-1] == "/openai/deployments/our-deployment/chat/completions?api-version=2024-10-21"
    assert {k.lower(): v for k, v in vendor.headers[-1].items()}["api-key"] == "azure-key"
    found = await kinds()["azure"].connect_embeddings(connection).embed("our-embed-512", ["Hi"])
    assert found.vectors.shape == (1, 512)
    assert vendor.paths[-1] == "/openai/deployments/our-embed-512/embeddings?api-version=2024-10-21"
