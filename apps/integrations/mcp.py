"""A client for remote MCP servers over streamable HTTP (Model Context Protocol, revision 2025-06-18): tools and resources.

Each call opens a session of its own, so nothing is kept between them. Answers come as JSON or as events; a server that ends
its events before the answer is asked for the rest from the last one on.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from django.utils.translation import gettext as _

from apps.core.http import Fetched
from apps.integrations import oauth, tokens
from apps.integrations.asking import answered
from apps.integrations.calls import TOLD_CHARS, Auth, authorised
from apps.integrations.errors import CallFailed, UnreadableDescription
from apps.integrations.models import Connection, Operation
from apps.integrations.openapi import as_argument, as_text, usable_schema
from apps.integrations.types import Described, Description

REVISION = "2025-06-18"
MOST_TOOLS, MOST_PAGES = 300, 20
MOST_RESUMED, LONGEST_WAIT_S = 5, 5.0
CALL, READS = "CALL", "GET"
"""Stand for the method of an operation: a tool, which is no HTTP method, and a look at the resources."""
LIST, READ = "resources/list", "resources/read"
RESOURCES = (
    Described(
        "list_resources",
        READS,
        LIST,
        "List resources",
        "Lists what can be read from this server: the address of each resource, its name and what it is.",
        {"type": "object", "properties": {"words": {"type": "string", "description": "Only those that name this."}}},
    ),
    Described(
        "read_resource",
        READS,
        READ,
        "Read a resource",
        "Reads one resource of this server by its address, as text.",
        {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]},
    ),
)
"""What every server that keeps resources is asked for; said here and not by the server."""


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
        info, offers = answer.get("serverInfo"), answer.get("capabilities")
        self.offers = set(offers) if isinstance(offers, dict) else set()
        self.title = as_text(info.get("title") or info.get("name"), 80) if isinstance(info, dict) else ""
        self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return its result. Raises CallFailed for an error or an answer that is none."""
        self._id += 1
        answer = self._post({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        for times_resumed in range(MOST_RESUMED + 1):
            result, last = self._result(answer), _last_event(answer)
            if result is not None:
                return result
            if last is None or times_resumed == MOST_RESUMED:
                break
            time.sleep(last[1])
            answer = self._send("GET", None, {"Last-Event-ID": last[0]})
        raise CallFailed("The server gave no answer that can be read.")

    def _result(self, answer: Fetched) -> dict[str, Any] | None:
        """Return what was asked for, None where it is not there. Raises CallFailed for an error."""
        message = next((message for message in _messages(answer) if message.get("id") == self._id), None)
        if message is None or isinstance(message.get("result"), dict):
            return message and message["result"]
        error = message.get("error")
        told = as_text(error.get("message") if isinstance(error, dict) else "", 300)
        raise CallFailed(f"The server answered: {told}")

    def _post(self, message: Mapping[str, Any]) -> Fetched:
        return self._send("POST", orjson.dumps(message), {})

    def _send(self, method: str, body: bytes | None, more: Mapping[str, str]) -> Fetched:
        headers = {**self._headers, **more}
        address = authorised(self._connection, self._connection.base_url, headers)
        answer = answered(method, address, headers, body)
        if self._connection.auth == Auth.OAUTH:
            answer = self._let_in(method, headers, body, answer)
        if answer.status >= 300:
            raise CallFailed(f"The server answered {answer.status}.")
        session = answer.headers.get("mcp-session-id", "")
        if session.isascii() and session.isprintable() and 0 < len(session) <= 500:
            self._headers["Mcp-Session-Id"] = session
        return answer

    def _let_in(self, method: str, headers: dict[str, str], body: bytes | None, answer: Fetched) -> Fetched:
        """Send again with another token what was refused for the one that it had. Raises CallFailed where a person has to sign in."""
        wanted = oauth.wanted_scope(answer)
        if wanted:
            tokens.ask_for_more(self._connection, wanted)
        if answer.status != 401:
            return answer
        spoiled = headers["Authorization"].removeprefix("Bearer ")
        headers["Authorization"] = f"Bearer {tokens.bearer(self._connection, spoiled=spoiled)}"
        return answered(method, self._connection.base_url, headers, body)


def _last_event(answer: Fetched) -> tuple[str, float] | None:
    """Return the id of the last event that has one, and the seconds to wait before asking for those after it; None without one."""
    if not answer.headers.get("content-type", "").startswith("text/event-stream"):
        return None
    text = answer.body.decode("utf-8", errors="replace")
    ids = re.findall(r"^id: ?([!-~]{1,500})\r?$", text, re.MULTILINE)
    waits = re.findall(r"^retry: ?([0-9]{1,6})\r?$", text, re.MULTILINE)
    wait_s = min(int(waits[-1]) / 1000, LONGEST_WAIT_S) if waits else 0.5
    return (ids[-1], wait_s) if ids else None


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
    has_resources = "resources" in session.offers
    if "tools" in session.offers or not has_resources:
        for raw in _listed(session, "tools/list", "tools"):
            described = _described(raw)
            if described is not None:
                tools.setdefault(described.key, described)
            if len(tools) > MOST_TOOLS:
                break
    for each in RESOURCES if has_resources else ():
        tools.setdefault(each.key, each)
    if not tools or len(tools) > MOST_TOOLS:
        words = _("This server offers no tool, or more than %(n)d.") % {"n": MOST_TOOLS}
        raise UnreadableDescription(words, field="source_url")
    return Description(session.title, connection.base_url, tuple(tools.values()))


def _listed(session: _Session, method: str, name: str) -> Iterator[dict[str, Any]]:
    """Yield what a server lists, page after page."""
    cursor: Any = None
    for _page in range(MOST_PAGES):
        answer = session.ask(method, {"cursor": cursor} if cursor else {})
        rows = answer.get(name)
        yield from (row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict))
        cursor = answer.get("nextCursor")
        if not isinstance(cursor, str):
            return


def _described(raw: Mapping[str, Any]) -> Described | None:
    name, schema = raw.get("name"), usable_schema(raw.get("inputSchema"))
    if not isinstance(name, str) or not name or name != as_text(name, 120) or schema is None:
        return None
    title = as_text(raw.get("title"), 120) or as_text(name, 120)
    return Described(as_argument(name), CALL, name, title, as_text(raw.get("description"), 1_000) or title, schema)


def call(operation: Operation, arguments: Mapping[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Call a tool and return {"text"} and, where the server gives it, {"structured"}; or look at the resources. Raises CallFailed."""
    session = _Session(operation.connection)
    if operation.method == READS:
        return LOOKS[operation.path](session, arguments)
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


def _resources(session: _Session, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return {"resources": [{"uri", "name", "about"}, …]}, as many as may be told, and how many {"more"} there are."""
    words = str(arguments.get("words", "")).lower()
    told: list[dict[str, str]] = []
    room, left_out = TOLD_CHARS, 0
    for raw in _listed(session, LIST, "resources"):
        about = as_text(raw.get("description"), 300)
        row = {"uri": as_text(raw.get("uri"), 1_000), "name": as_text(raw.get("name"), 120), "about": about}
        if not row["uri"] or words not in " ".join(row.values()).lower():
            continue
        room -= sum(map(len, row.values())) + 40
        told, left_out = (told, left_out + 1) if room < 0 else ([*told, row], left_out)
    return {"resources": told, "more": left_out}


def _resource(session: _Session, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return {"text"}: what a resource holds, and what of it is no text."""
    contents = session.ask(READ, {"uri": str(arguments.get("uri", ""))}).get("contents")
    parts = []
    for part in contents if isinstance(contents, list) else ():
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            parts.append(part["text"])
        elif isinstance(part, dict) and isinstance(part.get("blob"), str):
            kind = as_text(part.get("mimeType"), 80) or "unknown"
            parts.append(f"[no text: {kind}, about {len(part['blob']) * 3 // 4} bytes]")
    if not parts:
        raise CallFailed("The server gave nothing that can be read.")
    return {"text": "\n".join(parts)[:TOLD_CHARS]}


LOOKS: Mapping[str, Callable[[_Session, Mapping[str, Any]], dict[str, Any]]] = {LIST: _resources, READ: _resource}
