"""OpenAI's own client, unchanged, asks agents of the running product: streamed, at once, with tools, citations, vectors and errors."""

import threading
import time

import numpy as np
import openai
import pytest

from tests.live import wait_for
from tests.standin.server import calls, fails, says

pytestmark = pytest.mark.browser
SCOPES = ["agents:read", "agents:write", "knowledge:read"]
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
LEAVE = [{"role": "user", "content": "How many days of annual leave do I get?"}]


@pytest.fixture
def client(live, key):
    """On the platform's own host: the key names its organisation."""
    with openai.OpenAI(
        base_url=f"http://localhost:{live.port}/v1", api_key=key(SCOPES, login="jonas"), max_retries=0
    ) as made:
        yield made


def test_agents_are_listed_as_models(client):
    models = {model.id: model for model in client.models.list()}
    guide = models["handbook-guide"]
    assert (guide.object, guide.owned_by) == ("model", "acme")
    assert client.models.retrieve("handbook-guide").created == guide.created
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


def test_streamed_answer_of_the_built_in_model_cites(client):
    stream = client.chat.completions.create(
        model="handbook-guide", messages=LEAVE, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "28" in text and "[1]" in text
    last = next(chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason)
    assert last.choices[0].finish_reason == "stop"
    citations = last.model_extra["guildhall"]["citations"]
    assert citations[0]["document"] and "28" in citations[0]["quote"]
    annotations = [
        a for chunk in chunks if chunk.choices for a in chunk.choices[0].delta.model_extra.get("annotations", [])
    ]
    where = annotations[0]["url_citation"]
    assert text[where["start_index"] : where["end_index"]] == "[1]"
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens >= 0
    assert len({chunk.id for chunk in chunks}) == 1


def test_whole_answer_has_the_same(client):
    whole = client.chat.completions.create(model="handbook-guide", messages=LEAVE)
    message = whole.choices[0].message
    assert "28" in message.content and whole.choices[0].finish_reason == "stop"
    citation = message.annotations[0].url_citation
    assert message.content[citation.start_index : citation.end_index] == "[1]" and "/documents/" in citation.url
    assert whole.usage.prompt_tokens + whole.usage.completion_tokens == whole.usage.total_tokens


def test_tools_of_the_program_over_two_requests(client, vendor):
    vendor.script(calls("weather", {"city": "Bonn"}), says("It rains."))
    stream = client.chat.completions.create(
        model="handbook-guide", messages=[{"role": "user", "content": "Weather?"}], tools=[WEATHER], stream=True
    )
    chunks = [chunk for chunk in stream if chunk.choices]
    (call,) = [each for chunk in chunks for each in chunk.choices[0].delta.tool_calls or []]
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Bonn"}')
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    done = {"id": call.id, "type": "function", "function": {"name": "weather", "arguments": call.function.arguments}}
    talk = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "tool_calls": [done]},
        {"role": "tool", "tool_call_id": call.id, "content": "rain"},
    ]
    assert (
        client.chat.completions.create(model="handbook-guide", messages=talk, tools=[WEATHER])
        .choices[0]
        .message.content
        == "It rains."
    )


def test_first_words_come_before_the_last_are_written(client, vendor):
    vendor.script(says(" ".join(["word"] * 40), delay_s=0.05))
    came = []
    for chunk in client.chat.completions.create(model="handbook-guide", messages=LEAVE, stream=True):
        if chunk.choices and chunk.choices[0].delta.content:
            came.append(time.monotonic())
    assert len(came) > 5 and came[-1] - came[0] > 0.5


def test_client_that_goes_away_stops_the_run(client, vendor, live):
    vendor.script(says(" ".join(["word"] * 400), delay_s=0.1))
    stream = client.chat.completions.create(model="handbook-guide", messages=LEAVE, stream=True)
    run = next(iter(stream)).id.removeprefix("chatcmpl-")
    next(iter(stream))
    stream.close()

    def state():
        found = live.sql("SELECT state FROM agents_run WHERE id = %s", run, schema="t_acme")[0][0]
        return found == "cancelled"

    wait_for(state, timeout_s=15)


def test_client_that_does_not_wait_stops_the_run(client, vendor, live):
    vendor.script(says(" ".join(["word"] * 400), delay_s=0.1))
    talk = [{"role": "user", "content": "Who does not wait?"}]
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=1.5).chat.completions.create(model="handbook-guide", messages=talk)
    query = "SELECT state FROM agents_run WHERE question = 'Who does not wait?'"
    wait_for(lambda: live.sql(query, schema="t_acme")[0][0] == "cancelled", timeout_s=15)


def test_failure_of_the_model_is_an_error_of_the_protocol(client, vendor):
    vendor.script(fails(401))
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(model="handbook-guide", messages=LEAVE, stream=True))
    vendor.script(fails(401))
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="handbook-guide", messages=LEAVE)


def test_errors_are_those_of_the_protocol(client, live, key):
    for call, expected, param in (
        (lambda: client.chat.completions.create(model="nobody", messages=LEAVE), openai.NotFoundError, "model"),
        (
            lambda: client.chat.completions.create(model="handbook-guide", messages=[]),
            openai.BadRequestError,
            "messages",
        ),
        (
            lambda: client.chat.completions.create(model="handbook-guide", messages=LEAVE, n=2),
            openai.BadRequestError,
            "n",
        ),
        (lambda: client.embeddings.create(model="built-in", input=""), openai.BadRequestError, "input"),
        (lambda: client.embeddings.create(model="nobody", input="x"), openai.NotFoundError, "model"),
        (
            lambda: client.embeddings.create(model="built-in", input="x", dimensions=7),
            openai.BadRequestError,
            "dimensions",
        ),
    ):
        with pytest.raises(expected) as refused:
            call()
        assert refused.value.param == param
    for bad in ("gh_acme_nothing_here", "sk-other"):
        with openai.OpenAI(base_url=f"http://localhost:{live.port}/v1", api_key=bad, max_retries=0) as other:
            with pytest.raises((openai.AuthenticationError, openai.NotFoundError)):
                other.models.list()
    narrow = key(["agents:read"], login="jonas")
    with openai.OpenAI(base_url=f"http://localhost:{live.port}/v1", api_key=narrow, max_retries=0) as other:
        assert other.models.list().data
        with pytest.raises(openai.PermissionDeniedError):
            other.chat.completions.create(model="handbook-guide", messages=LEAVE)


@pytest.mark.parametrize("path", ["chat/completions", "embeddings"])
def test_what_cannot_be_stored_or_read_is_refused(path, live, key):
    with live.http(Authorization=f"Bearer {key(SCOPES)}") as http:
        call = {"id": "a", "function": {"name": "f", "arguments": "\0"}}
        said = [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]
        said.append({"role": "tool", "tool_call_id": "a", "content": "y"})
        bodies = [
            {"model": "handbook-guide", "messages": said, "input": "x\0"},
            {"model": "x\0", "input": "x"},
            [],
            7,
            None,
        ]
        for body in bodies:
            answer = http.post(f"/v1/{path}", json=body)
            assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error"), body
        for body in (b"", b"{", b"\xff", b'"\\ud800"'):
            assert http.post(f"/v1/{path}", content=body).status_code == 400


def test_vectors_are_the_same_in_both_encodings_and_mean_something(client):
    texts = ["annual leave", "days of holiday", "a printer that is on fire"]
    packed = client.embeddings.create(model="built-in", input=texts)  # the client asks for Base64 by itself
    plain = client.embeddings.create(model="built-in", input=texts, encoding_format="float")
    a, b = (np.array([each.embedding for each in found.data]) for found in (packed, plain))
    assert a.shape == (3, 384) and np.allclose(a, b, atol=1e-6)
    assert a[0] @ a[1] > a[0] @ a[2]


def test_twenty_at_once(client):
    texts = []

    def ask():
        stream = client.chat.completions.create(model="handbook-guide", messages=LEAVE, stream=True)
        texts.append("".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(texts) == 20 and len(set(texts)) == 1
