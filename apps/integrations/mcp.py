"""A client for remote MCP servers over streamable HTTP (Model Context Protocol, revision 2025-06-18): list tools, call one.

Each call opens a session of its own, so nothing is kept between them. Only POST is used; answers come as JSON or as events.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from django.utils.translation import gettext as _

from apps.core.http import Fetched
from apps.integrations.calls import TOLD_CHARS, answered, authorised
from apps.integrations.errors import CallFailed, UnreadableDescription
from apps.integrations.models import Connection, Operation
from apps.integrations.openapi import as_argument, as_text, usable_schema
from apps.integrations.types import Described, Description

REVISION = "2025-06-18"
MOST_TOOLS, MOST_PAGES = 300, 20
CALL = "CALL"
"""Stands for the method of an operation that is no HTTP method."""


class _Session:
    """One conversation with a server, from its first word on."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._id = connection, 0
        self._headers = {
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
            "MCP-Protocol-Version": REVISION,
        }
        about = {"protocolVersion": REVISION, "capabilities": {}, "clientInfo": {"name": "Guildhall", "version": "1"}}
        answer = self.ask("initialize", about)
        info = answer.get("serverInfo")
        self.title = as_text(info.get("title") or info.get("name"), 80) if isinstance(info, dict) else ""
        self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return its result. Raises CallFailed for an error or an answer that is none."""
        self._id += 1
        answer = self._post({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        for message in _messages(answer):
            if message.get("id") != self._id:
                continue
            if isinstance(message.get("result"), dict):
                return message["result"]
            error = message.get("error")
            raise CallFailed(
                f"The server answered: {as_text(error.get('message') if isinstance(error, dict) else '', 300)}"
            )
        raise CallFailed("The server gave no answer that can be read.")

    def _post(self, message: Mapping[str, Any]) -> Fetched:
        headers = dict(self._headers)
        address = authorised(self._connection, self._connection.base_url, headers)
        answer = answered("POST", address, headers, orjson.dumps(message))
        if answer.status >= 300:
            raise CallFailed(f"The server answered {answer.status}.")
        session = answer.headers.get("mcp-session-id", "")
        if session.isascii() and session.isprintable() and 0 < len(session) <= 500:
            self._headers["Mcp-Session-Id"] = session
        return answer


def _messages(answer: Fetched) -> Iterator[dict[str, Any]]:
    """Yield the messages of an answer: one JSON object, or the data of each server-sent event."""
    text = answer.body.decode("utf-8", errors="replace")
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        events = text.replace("\r\n", "\n").split("\n\n")
        parts = [
            "\n".join(line[5:].lstrip() for line in event.split("\n") if line.startswith("data:")) for event in events
        ]
    else:
        parts = [text]
    for part in parts:
        try:
            message = orjson.loads(part or "null")
        except orjson.JSONDecodeError:
            continue
        if isinstance(message, dict):
            yield message


def read_tools(connection: Connection) -> Description:
    """Ask a server what it offers. Raises UnreadableDescription, CallFailed."""
    session = _Session(connection)
    tools: dict[str, Described] = {}
    cursor: Any = None
    for _page in range(MOST_PAGES):
        answer = session.ask("tools/list", {"cursor": cursor} if cursor else {})
        listed = answer.get("tools")
        for raw in listed if isinstance(listed, list) else ():
            described = _described(raw) if isinstance(raw, dict) else None
            if described is not None:
                tools.setdefault(described.key, described)
        cursor = answer.get("nextCursor")
        if not isinstance(cursor, str) or len(tools) > MOST_TOOLS:
            break
    if not tools or len(tools) > MOST_TOOLS:
        words = _("This server offers no tool, or more than %(n)d.") % {"n": MOST_TOOLS}
        raise UnreadableDescription(words, field="source_url")
    return Description(session.title, connection.base_url, tuple(tools.values()))


def _described(raw: Mapping[str, Any]) -> Described | None:
    name, schema = raw.get("name"), usable_schema(raw.get("inputSchema"))
    if not isinstance(name, str) or not name or name != as_text(name, 120) or schema is None:
        return None
    title = as_text(raw.get("title"), 120) or as_text(name, 120)
    return Described(as_argument(name), CALL, name, title, as_text(raw.get("description"), 1_000) or title, schema)


def call(operation: Operation, arguments: Mapping[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Call a tool and return {"text"} and, where the server gives it, {"structured"}. Raises CallFailed."""
    session = _Session(operation.connection)
    sent = {"name": operation.path, "arguments": dict(arguments), "_meta": {"idempotencyKey": idempotency_key}}
    answer = session.ask("tools/call", sent)
    parts = answer.get("content")
    texts = [
        part["text"]
        for part in (parts if isinstance(parts, list) else ())
        if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
    ]
    text = "\n".join(texts)[:TOLD_CHARS]
    if answer.get("isError"):
        raise CallFailed(f"The tool answered: {text}"[:1_000])
    told: dict[str, Any] = {"text": text}
    structured = answer.get("structuredContent")
    if isinstance(structured, dict) and len(orjson.dumps(structured)) <= TOLD_CHARS:
        told["structured"] = structured
    return told
