"""A Jira over real HTTP, Cloud (REST 3) or Data Center (REST 2): pages as each has them, changes, rates, and what it refuses."""

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

STATUSES = {
    "To Do": "new",
    "In Progress": "indeterminate",
    "Review": "indeterminate",
    "Done": "done",
    "Rejected": "done",
}
ACCOUNT, TOKEN = "team@acme.example", "jira-token"
CHANGES_A_PAGE = 700


class Jira:
    """Runs while entered. `issues` is what every query finds, the newest first; each request is in `asked`.

    `caps` is how many issues a page has at most, whatever is asked for; `busy` requests are answered by 429 first.
    """

    def __init__(self, *, is_cloud, issues=(), caps=100):
        self.is_cloud, self.issues, self.caps = is_cloud, list(issues), caps
        self.sprints, self.busy, self.asked = {}, 0, []

    def __enter__(self):
        jira = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer(None)

            def do_POST(self):
                self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "null"))

            def answer(self, body):
                status, told, headers = jira.answer(self.command, self.path, dict(self.headers), body)
                data = json.dumps(told).encode()
                self.send_response(status)
                for name, value in {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(data)),
                    **headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method, path, headers, body):
        found = urlsplit(path)
        self.asked.append((method, found.path, body))
        given = headers.get("Authorization", "")
        wanted = (
            f"Basic {base64.b64encode(f'{ACCOUNT}:{TOKEN}'.encode()).decode()}" if self.is_cloud else f"Bearer {TOKEN}"
        )
        if given != wanted:
            return 401, {"errorMessages": ["You are not authenticated."]}, {}
        if self.busy:
            self.busy -= 1
            return 429, {"errorMessages": ["Rate limit exceeded."]}, {"Retry-After": "0"}
        status, told = self.found(method, found.path, {k: v[0] for k, v in parse_qs(found.query).items()}, body)
        return status, told, {}

    def found(self, method, path, query, body):
        root = "/rest/api/3" if self.is_cloud else "/rest/api/2"
        if path == "/rest/api/2/serverInfo":
            kind = "Cloud" if self.is_cloud else "Server"
            return 200, {"baseUrl": self.url, "version": "1001.0.0", "deploymentType": kind, "serverTitle": "Acme Jira"}
        if path == f"{root}/status":
            return 200, [{"name": name, "statusCategory": {"key": key}} for name, key in STATUSES.items()]
        if self.is_cloud and (method, path) == ("POST", "/rest/api/3/search/jql"):
            return self.cloud_page(body)
        if self.is_cloud and (method, path) == ("POST", "/rest/api/3/changelog/bulkfetch"):
            return self.cloud_changes(body)
        if not self.is_cloud and (method, path) == ("POST", "/rest/api/2/search"):
            return self.server_page(body)
        if path.startswith("/rest/agile/1.0/sprint/"):
            sprint = self.sprints.get(int(path.rpartition("/")[2]))
            return (200, sprint) if sprint else (404, {"errorMessages": ["Sprint does not exist."]})
        if method == "POST" and path.endswith("/comment"):
            return 201, {"id": "10100"}
        issue = next((each for each in self.issues if path == f"{root}/issue/{each['key']}"), None)
        if issue:
            text = {
                "type": "doc",
                "content": [{"type": "paragraph", "content": [{"type": "text", "text": "The text."}]}],
            }
            fields = issue["fields"] | {
                "description": text if self.is_cloud else "The text.",
                "comment": {"comments": []},
            }
            return 200, issue | {"fields": fields}
        return 404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."]}

    def refused(self, body):
        if "bogus" in body["jql"]:
            return 400, {"errorMessages": ["Field 'bogus' does not exist or you do not have permission to view it."]}
        return None

    def cloud_page(self, body):
        if refused := self.refused(body):
            return refused
        start = int(body.get("nextPageToken", "t0")[1:])
        page = self.issues[start : start + min(body["maxResults"], self.caps)]
        shown = [{key: issue[key] for key in ("id", "key", "fields")} for issue in page]
        is_last = start + len(page) >= len(self.issues)
        return 200, {"issues": shown, "isLast": is_last} | (
            {} if is_last else {"nextPageToken": f"t{start + len(page)}"}
        )

    def cloud_changes(self, body):
        wanted = set(body["issueIdsOrKeys"])
        rows = [
            (each["id"], history)
            for each in self.issues
            if each["id"] in wanted
            for history in each["changelog"]["histories"]
        ]
        start = int(body.get("nextPageToken", "c0")[1:])
        page, told = rows[start : start + CHANGES_A_PAGE], {}
        for issue, history in page:
            told.setdefault(issue, []).append(history)
        logs = [{"issueId": issue, "changeHistories": histories} for issue, histories in told.items()]
        more = {"nextPageToken": f"c{start + len(page)}"} if start + len(page) < len(rows) else {}
        return 200, {"issueChangeLogs": logs} | more

    def server_page(self, body):
        if refused := self.refused(body):
            return refused
        page = self.issues[body["startAt"] : body["startAt"] + min(body["maxResults"], self.caps)]
        if "changelog" not in body.get("expand", ()):
            page = [{key: issue[key] for key in ("id", "key", "fields")} for issue in page]
        return 200, {"startAt": body["startAt"], "maxResults": self.caps, "total": len(self.issues), "issues": page}


def issue(number, created, moves=(), *, status=None, kind="Story", summary="", sprints=()):
    """Return an issue as Jira tells it: `moves` are (moment, was, now) of its status, `sprints` (moment, from, to) of its sprints."""
    histories = [(at, {"field": "status", "fromString": was, "toString": now}) for at, was, now in moves]
    histories += [
        (at, {"field": "Sprint", "from": was, "to": now, "fromString": "x", "toString": "y"})
        for at, was, now in sprints
    ]
    histories.append((created, {"field": "assignee", "fromString": "", "toString": "Somebody"}))
    status = status or (moves[-1][2] if moves else "To Do")
    return {
        "id": str(10_000 + number),
        "key": f"ABC-{number}",
        "fields": {
            "summary": summary or f"Work number {number}",
            "issuetype": {"name": kind},
            "status": {"name": status, "statusCategory": {"key": STATUSES[status]}},
            "priority": {"name": "Medium"},
            "created": told(created),
            "resolutiondate": None,
            "assignee": {"displayName": "Somebody"},
        },
        "changelog": {"histories": [{"created": told(at), "items": [item]} for at, item in histories]},
    }


def told(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
