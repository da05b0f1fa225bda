"""A model vendor for tests and load: speaks four protocols over real HTTP, from a script, with faults.

A script is a list of turns; each request takes the next, the last one repeats. A turn is built by the functions below, or is a
function that looks at the request (`Asked`) and returns one. Every protocol plays every turn. Streaming only.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.standin import embeddings
from tests.standin.protocols import protocol_for

MODELS = ("scripted", "scripted-large", "scripted-embed")
READ_TOKENS = 11
CALL_TOKENS = 5


def says(text, *, delay_s=0.0, first_s=0.0, cut_after=None, stall_after=None, tokens=None, usage=None):
    """Answer with a text, word by word; `cut_after` words the connection breaks, `stall_after` words it falls silent."""
    words = tokens or [word if i == 0 else f" {word}" for i, word in enumerate(text.split(" "))]
    faults = {"cut_after": cut_after, "stall_after": stall_after}
    return _answer(words, usage=usage) | faults | {"delay_s": delay_s, "first_s": first_s}


def calls(name, arguments, *, text="", usage=None):
    """Answer with a tool call; `arguments` may be a string that is not JSON."""
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return _answer([text] if text else [], call={"name": name, "arguments": written}, usage=usage)


def _answer(words, *, call=None, usage=None):
    counted = {"input": READ_TOKENS, "output": CALL_TOKENS if call else len(words), "cached": 0, "reasoning": 0}
    turn = {"kind": "answer", "words": words, "call": call, "usage": counted | (usage or {})}
    return turn | {"cut_after": None, "stall_after": None, "delay_s": 0.0, "first_s": 0.0}


def fails(status, *, retry_after=None, code=None, body=None):
    """Answer with an HTTP error, as the protocol words it."""
    return {"kind": "fail", "status": status, "retry_after": retry_after, "code": code, "body": body}


def raw(*lines):
    """Answer with these event lines as they are."""
    return {"kind": "raw", "lines": lines}


def empty():
    """Answer with a stream that holds nothing at all."""
    return {"kind": "raw", "lines": ()}


def floods(megabytes):
    """Answer with one line of so many megabytes."""
    return {"kind": "flood", "megabytes": megabytes}


def silent(seconds):
    """Accept the request and say nothing."""
    return {"kind": "silent", "seconds": seconds}


def search_then_say(text, **options):
    """A turn that looks at the request: first the search tool, then the text."""

    def turn(asked):
        if asked.is_answered:
            return says(text, **options)
        return calls("search_knowledge", {"query": "annual leave"})

    return turn


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = self.path.partition("?")[0].rstrip("/")
        if path.endswith("/v1beta/models"):
            actions = lambda name: ["embedContent" if "embed" in name else "generateContent"]  # noqa: E731
            listed = [
                {"name": f"models/{m}", "inputTokenLimit": 8192, "supportedGenerationMethods": actions(m)}
                for m in MODELS
            ]
            self._json(200, {"models": listed})
        elif path.endswith("/models"):
            entries = [
                {"id": m, "object": "model", "type": "model", "created": 1, "owned_by": "standin"} for m in MODELS
            ]
            entries = [entry | {"display_name": entry["id"], "created_at": "2026-01-01T00:00:00Z"} for entry in entries]
            self._json(200, {"object": "list", "data": entries, "has_more": False})
        else:
            self._json(404, {"error": {"message": "There is nothing here."}})

    def do_POST(self):
        path = self.path.partition("?")[0]
        try:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        except json.JSONDecodeError:
            return  # the caller was killed while it asked
        self.server.standin.paths.append(self.path)
        if wanted := embeddings.asked(path, body):
            self._embed(path, *wanted)
            return
        protocol = protocol_for(path)
        if protocol is None:
            self._json(404, {"error": {"message": f"The stand-in does not know {path}."}})
            return
        turn = self.server.standin.take(protocol.asked(body, path), dict(self.headers))
        try:
            getattr(self, f"_{turn['kind']}")(turn, protocol, body.get("model", "scripted"))
        except (BrokenPipeError, ConnectionResetError):
            self.server.standin.hung_up += 1
            self.close_connection = True

    def _embed(self, path, model, texts):
        standin = self.server.standin
        with standin.lock:
            standin.embedded.append((model, list(texts)))
            fault = standin.embedding_faults.pop(0) if standin.embedding_faults else None
        if fault is not None and fault["kind"] == "fail":
            error = {"error": {"message": "scripted", "code": fault["code"], "status": "X"}}
            later = {} if fault["retry_after"] is None else {"Retry_After": fault["retry_after"]}
            self._json(fault["status"], error, **later)
            return
        vectors = [embeddings.vector(text, embeddings.size_of(model)) for text in texts]
        if fault is not None:  # a vector too few
            vectors = vectors[1:]
        self._json(200, embeddings.answer(path, model, vectors, sum(len(text.split()) for text in texts)))

    def _json(self, status, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _fail(self, turn, protocol, model):
        body = turn["body"] or protocol.failure(turn["status"], "scripted", turn["code"])
        later = {} if turn["retry_after"] is None else {"Retry_After": turn["retry_after"]}
        self._json(turn["status"], body, **later)

    def _open(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _write(self, text):
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _end(self):
        self.wfile.write(b"0\r\n\r\n")

    def _answer(self, turn, protocol, model):
        self._open()
        time.sleep(turn["first_s"])
        said = 0
        for frame in protocol.frames(turn, model):
            if frame.is_word and turn["cut_after"] == said:
                self.close_connection = True
                self.connection.close()
                return
            if frame.is_word and turn["stall_after"] == said:
                self.server.standin.pause.wait(600)
                self.close_connection = True
                return
            self._write(frame.text)
            if frame.is_word:
                said += 1
                if turn["delay_s"]:
                    time.sleep(turn["delay_s"])
        self._end()

    def _raw(self, turn, protocol, model):
        self._open()
        for line in turn["lines"]:
            self._write(f"{line}\n\n")
        self._end()

    def _flood(self, turn, protocol, model):
        self._open()
        self._write('data: {"x": "')
        for _ in range(turn["megabytes"]):
            self._write("x" * (1 << 20))
        self._write('"}\n\n')
        self._end()

    def _silent(self, turn, protocol, model):
        self._open()
        self.server.standin.pause.wait(turn["seconds"])
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A caller that was killed is no news; anything else is printed."""
        if not isinstance(sys.exception(), (ConnectionError, ValueError)):
            super().handle_error(request, client_address)


class StandIn:
    """The server, its script and what it was asked: `asked` in one shape for all protocols, `requests` as they came."""

    def __init__(self, port=0, host="127.0.0.1"):
        self.server = Server((host, port), Handler)
        self.server.standin = self
        self.lock = threading.Lock()
        self.pause = threading.Event()
        self.reset()

    @property
    def root(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self):
        return f"{self.root}/v1"

    def address_for(self, kind):
        """Return what a provider of this kind has as its address."""
        return self.root if kind in ("anthropic", "gemini") else self.url

    def reset(self):
        self.turns, self.asked, self.requests, self.headers, self.hung_up = [says("Hello.")], [], [], [], 0
        self.embedded, self.embedding_faults, self.paths = [], [], []
        self.calls = 0

    def script(self, *turns):
        self.turns = list(turns)
        self.asked.clear()
        self.requests.clear()

    def take(self, asked, headers):
        with self.lock:
            self.asked.append(asked)
            self.requests.append(asked.body)
            self.headers.append(headers)
            turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
            self.calls += 1
            number = self.calls
        turn = turn(asked) if callable(turn) else turn
        return turn | {"call": turn["call"] | {"id": f"call_{number}"}} if turn.get("call") else turn

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.pause.set()
        self.server.shutdown()
        self.server.server_close()
