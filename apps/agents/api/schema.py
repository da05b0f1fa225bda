"""The live events in the OpenAPI document: they are a plain Django view, which the generator does not see."""

from typing import Any

PATH = "/api/v1/runs/{id}/events"
WORDS = (
    "Follow a run live. Events: `discard` (begin again from its `text`), `text` (append its `d`), `step`, `working`,"
    " `waiting`, and `end` with the state and the whole answer. Send the last id as `Last-Event-ID` to go on after a cut."
)


def add_live_events(result: dict[str, Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Postprocessing hook of drf-spectacular; the platform's own document has no runs."""
    if "/api/v1/runs/{id}" not in result["paths"]:
        return result
    identity = {"in": "path", "name": "id", "required": True, "schema": {"type": "string", "format": "uuid"}}
    resume = {"in": "header", "name": "Last-Event-ID", "required": False, "schema": {"type": "string"}}
    events = {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Server-sent events."}
    result["paths"][PATH] = {
        "get": {
            "operationId": "runs_events_retrieve",
            "description": WORDS,
            "parameters": [identity, resume],
            "tags": ["runs"],
            "security": [{"bearer": []}, {"cookieAuth": []}],
            "responses": {"200": events},
        }
    }
    return result
