"""Anthropic Messages (docs.anthropic.com/en/api/messages-streaming)."""

import json

from tests.standin.protocols.neutral import Asked, Frame, halves

NAME = "anthropic"
_ERRORS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error"}
_ERRORS |= {429: "rate_limit_error", 529: "overloaded_error"}


def asked(body, path):
    messages = body.get("messages", [])
    blocks = [b for m in messages if isinstance(m["content"], list) for b in m["content"]]
    wanted = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
    return Asked(
        NAME,
        body.get("model", ""),
        tuple(_role(m) for m in messages),
        next((_text(m["content"]) for m in reversed(messages) if m["role"] == "user" and _text(m["content"])), ""),
        results=tuple(_text(b["content"]) for b in blocks if b["type"] == "tool_result"),
        tools=tuple(tool["name"] for tool in body.get("tools", ())),
        images=sum(b["type"] == "image" for b in blocks),
        schema=wanted.get("schema"),
        max_tokens=body.get("max_tokens"),
        body=body,
    )


def _role(message):
    content = message["content"]
    is_result = isinstance(content, list) and any(block["type"] == "tool_result" for block in content)
    return "tool" if is_result else message["role"]


def _text(content):
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in content or ())


def _event(kind, *, is_word=False, **fields):
    return Frame(f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n", is_word=is_word)


def frames(turn, model):
    usage = turn["usage"]
    read = {"input_tokens": usage["input"] - usage["cached"], "cache_read_input_tokens": usage["cached"]}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": model}
    start = {"stop_reason": None, "stop_sequence": None, "usage": read | {"output_tokens": 1}}
    yield _event("message_start", message=head | start)
    index = 0
    if turn["words"]:
        yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
        for word in turn["words"]:
            yield _event("content_block_delta", index=index, delta={"type": "text_delta", "text": word}, is_word=True)
        yield _event("content_block_stop", index=index)
        index += 1
    if turn["call"]:
        block = {"type": "tool_use", "id": turn["call"]["id"], "name": turn["call"]["name"], "input": {}}
        yield _event("content_block_start", index=index, content_block=block)
        for half in halves(turn["call"]["arguments"]):
            yield _event("content_block_delta", index=index, delta={"type": "input_json_delta", "partial_json": half})
        yield _event("content_block_stop", index=index)
    reason = {"stop_reason": "tool_use" if turn["call"] else "end_turn", "stop_sequence": None}
    yield _event("message_delta", delta=reason, usage={"output_tokens": usage["output"]})
    yield _event("message_stop")


def failure(status, message, code):
    return {"type": "error", "error": {"type": _ERRORS.get(status, "api_error"), "message": message}}
