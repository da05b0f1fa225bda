"""A model vendor for tests: speaks OpenAI Chat Completions over real HTTP, from a script, with faults.

A script is a list of turns; each request takes the next, the last one repeats. A turn is built by `says`, `calls`
or `fails`.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def says(text, *, delay_s=0.0, cut_after=None, tokens=None):
    """Answer with a text, word by word; `cut_after` words the connection breaks."""
    words = tokens or [word if i == 0 else f" {word}" for i, word in enumerate(text.split(" "))]
    return {"kind": "text", "words": words, "delay_s": delay_s, "cut_after": cut_after}


def calls(name, arguments, *, text=""):
    """Answer with a tool call; `arguments` may be a string that is not JSON."""
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"kind": "call", "name": name, "arguments": written, "text": text}


def fails(status, *, retry_after=None, body=None):
    """Answer with an HTTP error."""
    return {"kind": "fail", "status": status, "retry_after": retry_after, "body": body}


def raw(*lines):
    """Answer with these event lines as they are."""
    return {"kind": "raw", "lines": lines}


def search_then_say(text, **options):
    """A turn that looks at the request: first the search tool, then the text."""

    def turn(body):
        is_answered = body["messages"][-1]["role"] == "tool"
        return says(text, **options) if is_answered else calls("search_knowledge", {"query": "annual leave"})

    return turn


def silent(seconds):
    """Accept the request and say nothing."""
    return {"kind": "silent", "seconds": seconds}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        try:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        except json.JSONDecodeError:
            return  # the caller was killed while it asked
        turn = self.server.standin.take(body, dict(self.headers))
        try:
            getattr(self, f"_{turn['kind']}")(turn)
        except (BrokenPipeError, ConnectionResetError):
            self.server.standin.hung_up += 1
            self.close_connection = True

    def _fail(self, turn):
        body = json.dumps(turn["body"] or {"error": {"message": "scripted", "type": "error"}}).encode()
        self.send_response(turn["status"])
        if turn["retry_after"] is not None:
            self.send_header("Retry-After", str(turn["retry_after"]))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _open(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _line(self, line):
        data = f"{line}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _chunk(self, delta, reason=None, usage=None):
        chunk = {
            "id": "c",
            "object": "chat.completion.chunk",
            "model": "scripted",
            "choices": [] if usage else [{"index": 0, "delta": delta, "finish_reason": reason}],
        }
        if usage:
            chunk["usage"] = usage
        self._line("data: " + json.dumps(chunk))

    def _close(self, reason, words):
        self._chunk({}, reason)
        self._chunk({}, usage={"prompt_tokens": 11, "completion_tokens": words, "total_tokens": 11 + words})
        self._line("data: [DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _text(self, turn):
        self._open()
        for number, word in enumerate(turn["words"]):
            if turn["cut_after"] == number:
                self.close_connection = True
                self.connection.close()
                return
            self._chunk({"content": word})
            if turn["delay_s"]:
                time.sleep(turn["delay_s"])
        self._close("stop", len(turn["words"]))

    def _call(self, turn):
        self._open()
        if turn["text"]:
            self._chunk({"content": turn["text"]})
        half = len(turn["arguments"]) // 2
        self._chunk(
            {
                "tool_calls": [
                    {
                        "index": 0,
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": turn["name"], "arguments": turn["arguments"][:half]},
                    }
                ]
            }
        )
        self._chunk({"tool_calls": [{"index": 0, "function": {"arguments": turn["arguments"][half:]}}]})
        self._close("tool_calls", 5)

    def _raw(self, turn):
        self._open()
        for line in turn["lines"]:
            self._line(line)
        self.wfile.write(b"0\r\n\r\n")

    def _silent(self, turn):
        self._open()
        time.sleep(turn["seconds"])
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A caller that was killed is no news; anything else is printed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class StandIn:
    """The server, its script and what it was asked."""

    def __init__(self, port=0):
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.standin = self
        self.lock = threading.Lock()
        self.reset()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def reset(self):
        self.turns, self.requests, self.headers, self.hung_up = [says("Hello.")], [], [], 0

    def script(self, *turns):
        self.turns = list(turns)
        self.requests.clear()

    def take(self, body, headers):
        with self.lock:
            self.requests.append(body)
            self.headers.append(headers)
            turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        return turn(body) if callable(turn) else turn

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()
