"""OpenAI Chat Completions (platform.openai.com/docs/api-reference/chat-streaming)."""

import json

from tests.standin.protocols.neutral import Asked, Frame, halves

NAME = "chat_completions"


def asked(body, path):
    messages = body.get("messages", [])
    parts = [part for m in messages if isinstance(m.get("content"), list) for part in m["content"]]
    wanted = (body.get("response_format") or {}).get("json_schema") or {}
    return Asked(
        NAME,
        body.get("model", ""),
        tuple(m["role"] for m in messages),
        next((_text(m["content"]) for m in reversed(messages) if m["role"] == "user"), ""),
        results=tuple(_text(m["content"]) for m in messages if m["role"] == "tool"),
        tools=tuple(tool["function"]["name"] for tool in body.get("tools", ())),
        images=sum(part["type"] == "image_url" for part in parts),
        schema=wanted.get("schema"),
        max_tokens=body.get("max_tokens") or body.get("max_completion_tokens"),
        body=body,
    )


def _text(content):
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or ())


def frames(turn, model):
    for word in turn["words"]:
        yield Frame(_chunk(model, {"content": word}), is_word=True)
    if turn["call"]:
        first, second = halves(turn["call"]["arguments"])
        head = {"index": 0, "id": turn["call"]["id"], "type": "function"}
        yield Frame(
            _chunk(model, {"tool_calls": [head | {"function": {"name": turn["call"]["name"], "arguments": first}}]})
        )
        yield Frame(_chunk(model, {"tool_calls": [{"index": 0, "function": {"arguments": second}}]}))
    yield Frame(_chunk(model, {}, "tool_calls" if turn["call"] else "stop"))
    usage = turn["usage"]
    yield Frame(
        _chunk(
            model,
            usage={
                "prompt_tokens": usage["input"],
                "completion_tokens": usage["output"],
                "total_tokens": usage["input"] + usage["output"],
                "prompt_tokens_details": {"cached_tokens": usage["cached"]},
                "completion_tokens_details": {"reasoning_tokens": usage["reasoning"]},
            },
        )
    )
    yield Frame("data: [DONE]\n\n")


def _chunk(model, delta=None, reason=None, usage=None):
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model}
    chunk["choices"] = [] if usage else [{"index": 0, "delta": delta, "finish_reason": reason}]
    if usage:
        chunk["usage"] = usage
    return f"data: {json.dumps(chunk)}\n\n"


def failure(status, message, code):
    return {"error": {"message": message, "type": "error", "code": code}}
