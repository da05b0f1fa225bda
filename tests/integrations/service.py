"""A service with an OpenAPI document, over real HTTP: tickets that can be read and written, and what it was sent."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TICKET = {
    "type": "object",
    "properties": {"title": {"type": "string", "maxLength": 80}, "parent": {"$ref": "#/components/schemas/Ticket"}},
    "required": ["title"],
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Ticket desk", "version": "1"},
    "servers": [{"url": "/api"}],
    "paths": {
        "/tickets": {
            "parameters": [{"name": "X-Team", "in": "header", "schema": {"type": "string"}}],
            "get": {
                "operationId": "listTickets",
                "summary": "List tickets",
                "description": "The open tickets of a team.",
                "parameters": [
                    {"name": "filter[state]", "in": "query", "schema": {"type": "string", "enum": ["open", "done"]}},
                    {"$ref": "#/components/parameters/Page"},
                    {"name": "Authorization", "in": "header", "schema": {"type": "string"}},
                    {"name": "session", "in": "cookie", "schema": {"type": "string"}},
                ],
            },
            "post": {
                "operationId": "createTicket",
                "summary": "Create a ticket",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ticket"}}},
                },
            },
        },
        "/tickets/{id}": {
            "get": {
                "summary": "Read a ticket",
                "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}],
            },
            "put": {"operationId": "upload", "requestBody": {"content": {"image/png": {}}}},
        },
    },
    "components": {
        "schemas": {"Ticket": TICKET},
        "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}}},
    },
}


class Service:
    """Runs while entered. `asked` holds (method, path with query, headers, body) of each call below /api; `key` opens it.

    `titles` are those of the tickets on page 1, 2, …
    """

    def __init__(self, key="secret-key"):
        self.key, self.asked, self.document = key, [], json.loads(json.dumps(DOCUMENT))
        self.titles = []

    def __enter__(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, told = service.answer(self.command, self.path, dict(self.headers), body)
                content = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method, path, headers, body):
        if path == "/openapi.json":
            return 200, self.document
        if not path.startswith("/api"):
            return 404, {"error": "nothing here"}
        if headers.get("Authorization") != f"Bearer {self.key}":
            return 401, {"error": "who are you?"}
        self.asked.append((method, path, headers, json.loads(body) if body else None))
        if method == "POST":
            return 201, {"id": 7, **json.loads(body)}
        if path.startswith("/api/tickets/missing"):
            return 404, {"error": "no such ticket"}
        page = path.rpartition("page=")[2]
        title = self.titles[int(page) - 1] if page.isdecimal() and self.titles else "The lift is stuck"
        return 200, [{"id": 7, "title": title}]
