"""OpenAI Responses (platform.openai.com/docs/api-reference/responses-streaming)."""

import json

from tests.standin.protocols.neutral import Asked, Frame, halves

NAME = "responses"


def asked(body, path):
    items = body.get("input") or []
    items = [{"role": "user", "content": items}] if isinstance(items, str) else items
    parts = [part for item in items if isinstance(item.get("content"), list) for part in item["content"]]
    wanted = (body.get("text") or {}).get("format") or {}
    return Asked(
        NAME,
        body.get("model", ""),
        tuple(_role(item) for item in items if item.get("type") != "reasoning"),
        next((_text(item["content"]) for item in reversed(items) if item.get("role") == "user"), ""),
        results=tuple(_text(item["output"]) for item in items if item.get("type") == "function_call_output"),
        tools=tuple(tool["name"] for tool in body.get("tools", ()) if tool["type"] == "function"),
        images=sum(part.get("type") == "input_image" for part in parts),
        schema=wanted.get("schema"),
        max_tokens=body.get("max_output_tokens"),
        body=body,
    )


def _role(item):
    return {"function_call": "assistant", "function_call_output": "tool"}.get(item.get("type"), item.get("role", ""))


def _text(content):
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or ())


class _Numbered:
    """Events with the running number that this protocol gives each of them."""

    def __init__(self):
        self.number = -1

    def __call__(self, kind, *, is_word=False, **fields):
        self.number += 1
        data = {"type": kind, "sequence_number": self.number, **fields}
        return Frame(f"event: {kind}\ndata: {json.dumps(data)}\n\n", is_word=is_word)


def frames(turn, model):
    event = _Numbered()
    yield event("response.created", response=_response(model, "in_progress", []))
    done = []
    if turn["words"]:
        yield from _message(event, turn["words"], done)
    if turn["call"]:
        yield from _call(event, turn["call"], done)
    yield event("response.completed", response=_response(model, "completed", done, turn["usage"]))


def _message(event, words, done):
    place = {"item_id": "msg_1", "output_index": len(done), "content_index": 0}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    yield event("response.output_item.added", output_index=len(done), item=item)
    yield event("response.content_part.added", part=part, **place)
    for word in words:
        yield event("response.output_text.delta", delta=word, logprobs=[], is_word=True, **place)
    full = part | {"text": "".join(words)}
    yield event("response.output_text.done", text=full["text"], logprobs=[], **place)
    yield event("response.content_part.done", part=full, **place)
    item = item | {"status": "completed", "content": [full]}
    yield event("response.output_item.done", output_index=len(done), item=item)
    done.append(item)


def _call(event, call, done):
    place = {"item_id": "fc_1", "output_index": len(done)}
    item = {"id": "fc_1", "type": "function_call", "call_id": call["id"], "name": call["name"], "arguments": ""}
    yield event("response.output_item.added", output_index=len(done), item=item | {"status": "in_progress"})
    for half in halves(call["arguments"]):
        yield event("response.function_call_arguments.delta", delta=half, **place)
    yield event("response.function_call_arguments.done", arguments=call["arguments"], name=call["name"], **place)
    item = item | {"status": "completed", "arguments": call["arguments"]}
    yield event("response.output_item.done", output_index=len(done), item=item)
    done.append(item)


def _response(model, status, output, usage=None):
    found = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": model,
        "status": status,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    if usage:
        found["usage"] = {
            "input_tokens": usage["input"],
            "input_tokens_details": {"cached_tokens": usage["cached"], "cache_write_tokens": 0},
            "output_tokens": usage["output"],
            "output_tokens_details": {"reasoning_tokens": usage["reasoning"]},
            "total_tokens": usage["input"] + usage["output"],
        }
    return found


def failure(status, message, code):
    return {"error": {"message": message, "type": "error", "code": code}}
