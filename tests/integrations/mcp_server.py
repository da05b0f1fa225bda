"""An MCP server over streamable HTTP: tools that tests set, answers as JSON or as events, and what it was asked."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

ECHO = {
    "name": "echo",
    "title": "Echo",
    "description": "Says it again.",
    "inputSchema": {
        "type": "object",
        "properties": {"text": {"type": "string", "pattern": "(a+)+$"}, "more": {"$ref": "#/$defs/More"}},
        "required": ["text"],
        "$defs": {"More": {"type": "integer"}},
    },
    "annotations": {"readOnlyHint": True},
}


class McpServer:
    """Runs while entered. `answers` maps a method to a result or a function of its params; `asked` lists (method, params, headers)."""

    def __init__(self, *, as_events=False, key="mcp-key"):
        self.as_events, self.key, self.asked = as_events, key, []
        self.tools = [json.loads(json.dumps(ECHO))]
        self.raw = None
        self.rest = {}  # events after the one of an id, for a client that comes back
        self.cuts_at = ""  # a method whose answer is told only to who comes back, and then comes back again
        self.answers = {
            "initialize": {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "echo-server", "title": "Echo house"},
            },
            "tools/list": self._listed,
            "tools/call": lambda params: {
                "content": [{"type": "text", "text": params["arguments"]["text"]}, {"type": "image", "data": "x"}],
                "structuredContent": {"said": params["arguments"]},
            },
        }

    def _listed(self, params):
        """Two pages, when there is more than one tool."""
        if params.get("cursor"):
            return {"tools": self.tools[1:]}
        return {"tools": self.tools[:1], **({"nextCursor": "2"} if len(self.tools) > 1 else {})}

    def __enter__(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.asked.append((message["method"], message.get("params"), dict(self.headers)))
                self.tell(*server.answer(message, self.headers))

            def do_GET(self):
                server.asked.append(("", None, dict(self.headers)))
                after = self.headers.get("Last-Event-ID", "")
                self.tell(200, server.rest.get(after, b": nothing\n\n"), "text/event-stream")

            def tell(self, status, body, kind):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Mcp-Session-Id", "session-1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}/mcp"
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, message, headers):
        if headers.get("Authorization") != f"Bearer {self.key}":
            return 401, b"", "text/plain"
        if "id" not in message:
            return 202, b"", "text/plain"
        if self.raw is not None and message["method"] != "initialize":
            return 200, self.raw, "application/json"
        answer = self.answers[message["method"]]
        result = answer(message["params"]) if callable(answer) else answer
        content = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})
        if message["method"] == self.cuts_at:
            self.rest["e1"] = b"id: e2\nretry: 10\ndata: \n\n"
            self.rest["e2"] = f"id: e3\ndata: {content}\n\n".encode()
            return 200, b"id: e1\r\nretry: 10\r\ndata: \r\n\r\n", "text/event-stream"
        if not self.as_events:
            return 200, content.encode(), "application/json"
        note = json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})
        return (
            200,
            f"event: message\r\ndata: {note}\r\n\r\nevent: message\r\nid: 1\r\ndata: {content}\r\n\r\n".encode(),
            "text/event-stream",
        )
