"""Places outside, played over HTTP: a website with a site map, GitHub, GitLab, and S3-compatible storage that checks signatures."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape


COMMIT = "3f1c" * 10
"""What every branch of the repositories points to."""


class Outside(ThreadingHTTPServer):
    """`pages`, `files` and `robots` are what is there; `asked` is (path, headers) of each request; `status` of a path can be set."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages, self.files, self.robots, self.status, self.asked = {}, {}, "", {}, []
        self.token, self.secret = "", "s3-secret-key"
        self.modified = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def host(self):
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self):
        return f"http://{self.host}"

    def close(self):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        self.server.asked.append((self.path, dict(self.headers)))
        if parts.path in self.server.status:
            return self.answer(b"", status=self.server.status[parts.path])
        for start, play in (
            ("/repos/", self.github),
            ("/meta", self.github),
            ("/api/v4/", self.gitlab),
            ("/bucket", self.storage),
        ):
            if parts.path.startswith(start):
                return play(unquote(parts.path), {k: v[0] for k, v in parse_qs(parts.query).items()})
        return self.site(parts.path)

    def site(self, path):
        pages = self.server.pages
        if path == "/robots.txt" and self.server.robots:
            return self.answer(self.server.robots.encode(), "text/plain")
        if path == "/sitemap.xml":
            rows = "".join(
                f"<url><loc>{self.server.url if p.startswith('/') else ''}{escape(p)}</loc>{self.last(p)}</url>"
                for p in pages
            )
            return self.answer(
                f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode(), "text/xml"
            )
        if path in pages:
            return self.answer(pages[path].encode(), "text/html; charset=utf-8")
        return self.answer(b"", status=404)

    def last(self, path):
        found = self.server.modified.get(path)
        return f"<lastmod>{found}</lastmod>" if found else ""

    def github(self, path, asked):
        if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self.answer(b"{}", status=401)
        if path == "/meta":
            return self.json({"verifiable_password_authentication": False})
        if path.endswith("/acme/handbook"):
            return self.json({"default_branch": "main"})
        if "/commits/" in path:
            return self.json({"sha": COMMIT})
        if "/git/trees/" in path:
            tree = [
                {"path": p, "type": "blob", "sha": _digest(data), "size": len(data)}
                for p, data in self.server.files.items()
            ]
            return self.json({"tree": [*tree, {"path": "docs", "type": "tree", "sha": "0"}], "truncated": False})
        return self.file(path.partition("/contents/")[2])

    def gitlab(self, path, asked):
        shown = self.headers.get("PRIVATE-TOKEN") or self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.server.token and shown != self.server.token:
            return self.answer(b"{}", status=401)
        if path == "/api/v4/projects":
            return self.json([])
        if "/commits/" in path:
            return self.json({"id": COMMIT})
        if path.endswith("/repository/tree"):
            inside = [p for p in sorted(self.server.files) if p.startswith(asked.get("path", ""))]
            start, size = (int(asked["page"]) - 1) * 2, 2
            rows = [
                {"path": p, "type": "blob", "id": _digest(self.server.files[p])} for p in inside[start : start + size]
            ]
            more = str(int(asked["page"]) + 1) if start + size < len(inside) else ""
            return self.json(rows, {"X-Next-Page": more})
        return self.file(path.partition("/files/")[2].removesuffix("/raw"))

    def storage(self, path, asked):
        if not self.is_signed():
            return self.answer(b"<Error><Code>SignatureDoesNotMatch</Code></Error>", "application/xml", 403)
        if path != "/bucket":
            return self.file(path.removeprefix("/bucket/"))
        keys = sorted(key for key in self.server.files if key.startswith(asked.get("prefix", "")))
        start = int(asked.get("continuation-token", 0))
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><ETag>&quot;{_digest(self.server.files[key])}&quot;</ETag></Contents>"
            for key in keys[start : start + 2]
        )
        more = f"<NextContinuationToken>{start + 2}</NextContinuationToken>" if start + 2 < len(keys) else ""
        space = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
        return self.answer(f"<ListBucketResult {space}>{rows}{more}</ListBucketResult>".encode(), "application/xml")

    def is_signed(self):
        """Reckon Signature Version 4 anew, from what came over the wire."""
        head = self.headers.get("Authorization", "")
        if not head.startswith("AWS4-HMAC-SHA256 "):
            return False
        told = dict(part.strip().split("=", 1) for part in head.removeprefix("AWS4-HMAC-SHA256 ").split(","))
        _key, day, region, service, _end = told["Credential"].split("/")
        names = told["SignedHeaders"].split(";")
        parts = urlsplit(self.path)
        query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
        canonical = "\n".join(
            [
                "GET",
                quote(unquote(parts.path)),
                query,
                *(f"{name}:{self.headers[name].strip()}" for name in names),
                "",
                ";".join(names),
                self.headers["x-amz-content-sha256"],
            ]
        )
        scope = f"{day}/{region}/{service}/aws4_request"
        text = "\n".join(
            ["AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
        )
        key = f"AWS4{self.server.secret}".encode()
        for part in (day, region, service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), told["Signature"])

    def file(self, path):
        data = self.server.files.get(path)
        return self.answer(b"", status=404) if data is None else self.answer(data, "application/octet-stream")

    def json(self, body, headers=None):
        return self.answer(json.dumps(body).encode(), "application/json", headers=headers)

    def answer(self, body, kind="text/plain", status=200, headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def _digest(data):
    return hashlib.sha1(data).hexdigest()
