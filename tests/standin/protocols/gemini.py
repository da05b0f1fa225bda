"""Google Gemini (ai.google.dev/api/generate-content#method:-models.streamgeneratecontent)."""

import json

from tests.standin.protocols.neutral import Asked, Frame

NAME = "gemini"
_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
_STATUS |= {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 529: "UNAVAILABLE"}


def asked(body, path):
    contents = body.get("contents", [])
    parts = [part for content in contents for part in content.get("parts", ())]
    config = body.get("generationConfig") or {}
    declared = [one for tool in body.get("tools", ()) for one in tool.get("functionDeclarations", ())]
    return Asked(
        NAME,
        path.rsplit("/", 1)[1].partition(":")[0],
        tuple(_role(content) for content in contents),
        next((_text(c) for c in reversed(contents) if c.get("role") == "user" and _text(c)), ""),
        results=tuple(json.dumps(p["functionResponse"]["response"]) for p in parts if "functionResponse" in p),
        tools=tuple(one["name"] for one in declared),
        images=sum("inlineData" in part for part in parts),
        schema=config.get("responseJsonSchema") or config.get("responseSchema"),
        max_tokens=config.get("maxOutputTokens"),
        body=body,
    )


def _role(content):
    if any("functionResponse" in part for part in content.get("parts", ())):
        return "tool"
    return "assistant" if content.get("role") == "model" else "user"


def _text(content):
    return "".join(part.get("text", "") for part in content.get("parts", ()))


def frames(turn, model):
    for word in turn["words"]:
        yield Frame(_chunk(model, [{"text": word}]), is_word=True)
    parts = []
    if turn["call"]:
        try:
            arguments = json.loads(turn["call"]["arguments"])
        except json.JSONDecodeError:
            arguments = turn["call"]["arguments"]
        parts = [{"functionCall": {"name": turn["call"]["name"], "args": arguments}, "thoughtSignature": "c2ln"}]
    usage = turn["usage"]
    counted = {
        "promptTokenCount": usage["input"],
        "candidatesTokenCount": usage["output"] - usage["reasoning"],
        "thoughtsTokenCount": usage["reasoning"],
        "cachedContentTokenCount": usage["cached"],
        "totalTokenCount": usage["input"] + usage["output"],
    }
    yield Frame(_chunk(model, parts or [{"text": ""}], "STOP", counted))


def _chunk(model, parts, reason=None, usage=None):
    candidate = {"index": 0, "content": {"role": "model", "parts": parts}}
    if reason:
        candidate["finishReason"] = reason
    chunk = {"candidates": [candidate], "modelVersion": model, "responseId": "r1"}
    if usage:
        chunk["usageMetadata"] = usage
    return f"data: {json.dumps(chunk)}\r\n\r\n"


def failure(status, message, code):
    return {"error": {"code": status, "message": message, "status": _STATUS.get(status, "UNKNOWN")}}
