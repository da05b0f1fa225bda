"""What programs are told that get no answer: as problem details by the REST API, as OpenAI's API does by the other protocols."""

from typing import Any

import orjson

from apps.core.errors import problem

OTHER_PROTOCOLS = ("/v1/", "/mcp", "/a2a")
KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


def protocol_error(*, status: int, code: str, words: str, field: str = "") -> dict[str, Any]:
    """Build an error as OpenAI's API tells it; clients of MCP and Agent2Agent read it as well."""
    kind = KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": words, "type": kind, "param": field or None, "code": code or None}}


def refusal_at(path: str, *, status: int, code: str, words: str) -> tuple[str, bytes] | None:
    """Return media type and body of a refusal at a program's address; None at a page's, where people read it."""
    if path.startswith("/api/"):
        return "application/problem+json", orjson.dumps(problem(status=status, code=code, detail=words))
    if path.startswith(OTHER_PROTOCOLS):
        return "application/json", orjson.dumps(protocol_error(status=status, code=code, words=words))
    return None
