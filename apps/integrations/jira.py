"""Jira, Cloud (REST 3) and Data Center (REST 2): issues by JQL with what changed on them, one issue, statuses, sprints, comments.

Which of the two it is, the server says when it is connected; its operations' paths say it from then on. Pages are followed by their token
(Cloud, `nextPageToken`) or their start (Data Center, `startAt`), rates are kept as the server asks (429 with Retry-After). What comes back is short: the fields
that questions and figures need, times in UTC; people's names are left out.
Sources: developer.atlassian.com/cloud/jira/platform/rest/v3 and docs.atlassian.com/software/jira/docs/api/REST, /rest/agile/1.0.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from django.utils.translation import gettext as _

from apps.core.http import Fetched
from apps.integrations.calls import send
from apps.integrations.errors import CallFailed, UnreadableDescription
from apps.integrations.models import Connection, Operation
from apps.integrations.openapi import as_dict, as_dicts, as_text
from apps.integrations.types import Described, Description

CLOUD, SERVER = "/rest/api/3", "/rest/api/2"
FIELDS = ("summary", "issuetype", "status", "priority", "created", "resolutiondate")
FOLLOWED = {"status": "status", "resolution": "resolution", "Sprint": "sprint"}
"""Fields whose changes are told, by the name that Jira gives them."""
MOST_A_PAGE, MOST_CHANGE_PAGES, MOST_COMMENTS = 100, 50, 20
MOST_BYTES, TEXT_CHARS = 16 << 20, 8_000
_STRING, _FLAG = {"type": "string"}, {"type": "boolean"}


def _schema(required: Sequence[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _described(root: str) -> tuple[Described, ...]:
    search = f"{CLOUD}/search/jql" if root == CLOUD else f"{SERVER}/search"
    page = {"type": "string", "description": "As the page before named the next one."}
    jql = _schema(
        ["jql"],
        jql={"type": "string", "maxLength": 2_000},
        page=page,
        per_page={"type": "integer", "minimum": 1, "maximum": MOST_A_PAGE},
        with_changes=_FLAG,
    )
    issue = _schema(["key"], key=_STRING)
    comment = _schema(["key", "text"], key=_STRING, text={"type": "string", "maxLength": TEXT_CHARS})
    sprint = _schema(["sprint"], sprint={"type": "integer"})
    return (
        Described("find_issues", "GET", search, "Find issues", "Finds issues by JQL, a page at a time; with_changes also tells how status, resolution and sprint changed.", jql),
        Described("read_issue", "GET", f"{root}/issue/{{key}}", "Read an issue", "One issue with its description and its last comments.", issue),
        Described("list_statuses", "GET", f"{root}/status", "List statuses", "Every status with its category: new, indeterminate or done.", _schema([])),
        Described("read_sprint", "GET", "/rest/agile/1.0/sprint/{sprint}", "Read a sprint", "A sprint's name, state and days, by its number.", sprint),
        Described("comment_issue", "POST", f"{root}/issue/{{key}}/comment", "Comment on an issue", "Writes a comment below an issue.", comment),
    )  # fmt: skip


def read_description(connection: Connection) -> Description:
    """Ask a server whether it is Jira, and which. Raises UnreadableDescription, CallFailed."""
    told = _asked(connection, "GET", f"{SERVER}/serverInfo")
    if not isinstance(told, dict) or "version" not in told:
        raise UnreadableDescription(_("There is no Jira at this address."), field="base_url")
    root = CLOUD if told.get("deploymentType") == "Cloud" else SERVER
    return Description(as_text(told.get("serverTitle"), 80) or "Jira", connection.base_url, _described(root))


def call(operation: Operation, arguments: Mapping[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Do one of the operations above. Raises CallFailed, whose sentence says what Jira answered."""
    return _CALLS[operation.key](operation.connection, _root(operation), dict(arguments))


def _root(operation: Operation) -> str:
    return CLOUD if operation.path.startswith(CLOUD) else SERVER


def _find_issues(connection: Connection, root: str, given: dict[str, Any]) -> dict[str, Any]:
    size = min(int(given.get("per_page") or 20), MOST_A_PAGE)
    wanted = {"jql": given["jql"], "maxResults": size, "fields": list(FIELDS)}
    has_changes, page = bool(given.get("with_changes")), str(given.get("page") or "")
    find = _find_in_cloud if root == CLOUD else _find_on_server
    return find(connection, wanted, page, has_changes=has_changes)


def _find_in_cloud(connection: Connection, wanted: dict[str, Any], page: str, *, has_changes: bool) -> dict[str, Any]:
    token = {"nextPageToken": page} if page else {}
    told = as_dict(_asked(connection, "POST", f"{CLOUD}/search/jql", body=wanted | token))
    issues = as_dicts(told.get("issues"))
    changes = (
        _changes_in_cloud(connection, [str(issue.get("id")) for issue in issues]) if has_changes and issues else {}
    )
    found = [_issue(issue, changes.get(str(issue.get("id")), ())) for issue in issues]
    following = "" if told.get("isLast") else str(told.get("nextPageToken") or "")
    return {"issues": found, "next": following, "total": None}


def _changes_in_cloud(connection: Connection, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return what changed on each issue, by its id."""
    found: dict[str, list[dict[str, Any]]] = {}
    token = ""
    for _page in range(MOST_CHANGE_PAGES):
        wanted = {"issueIdsOrKeys": list(ids), "maxResults": 1_000} | ({"nextPageToken": token} if token else {})
        told = as_dict(_asked(connection, "POST", f"{CLOUD}/changelog/bulkfetch", body=wanted))
        for each in as_dicts(told.get("issueChangeLogs")):
            found.setdefault(str(each.get("issueId")), []).extend(as_dicts(each.get("changeHistories")))
        token = str(told.get("nextPageToken") or "")
        if not token:
            return found
    raise CallFailed("These issues have too many changes for one page. Ask for fewer a page.")


def _find_on_server(connection: Connection, wanted: dict[str, Any], page: str, *, has_changes: bool) -> dict[str, Any]:
    start = int(page) if page.isdecimal() else 0
    body = wanted | {"startAt": start} | ({"expand": ["changelog"]} if has_changes else {})
    told = as_dict(_asked(connection, "POST", f"{SERVER}/search", body=body))
    issues = as_dicts(told.get("issues"))
    found = [_issue(issue, as_dicts(as_dict(issue.get("changelog")).get("histories"))) for issue in issues]
    total, end = int(told.get("total") or 0), start + len(issues)
    return {"issues": found, "next": str(end) if issues and end < total else "", "total": total}


def _read_issue(connection: Connection, root: str, given: dict[str, Any]) -> dict[str, Any]:
    names = ",".join((*FIELDS, "description", "comment"))
    told = as_dict(_asked(connection, "GET", f"{root}/issue/{_key(given)}", query={"fields": names}))
    fields = as_dict(told.get("fields"))
    comments = as_dicts(as_dict(fields.get("comment")).get("comments"))[-MOST_COMMENTS:]
    about = {
        "description": _plain(fields.get("description")),
        "comments": [_plain(each.get("body")) for each in comments],
    }
    return _issue(told, ()) | about


def _list_statuses(connection: Connection, root: str, given: dict[str, Any]) -> dict[str, Any]:
    rows = as_dicts(_asked(connection, "GET", f"{root}/status"))
    return {"statuses": [{"name": as_text(row.get("name"), 80), "category": _category(row)} for row in rows]}


def _read_sprint(connection: Connection, root: str, given: dict[str, Any]) -> dict[str, Any]:
    told = as_dict(_asked(connection, "GET", f"/rest/agile/1.0/sprint/{int(given['sprint'])}"))
    days = {name: _time(told.get(f"{name}Date")) for name in ("start", "end", "complete")}
    return {
        "id": int(given["sprint"]),
        "name": as_text(told.get("name"), 120),
        "state": as_text(told.get("state"), 20),
        **days,
    }


def _comment_issue(connection: Connection, root: str, given: dict[str, Any]) -> dict[str, Any]:
    text = str(given["text"])
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": part}]} for part in text.split("\n") if part
    ]
    body = {"type": "doc", "version": 1, "content": paragraphs} if root == CLOUD else text
    told = as_dict(
        _asked(connection, "POST", f"{root}/issue/{_key(given)}/comment", body={"body": body}, is_repeatable=False)
    )
    return {"id": as_text(told.get("id"), 40)}


_CALLS: dict[str, Callable[[Connection, str, dict[str, Any]], dict[str, Any]]] = {
    "find_issues": _find_issues,
    "read_issue": _read_issue,
    "list_statuses": _list_statuses,
    "read_sprint": _read_sprint,
    "comment_issue": _comment_issue,
}


# -- what Jira says, made short ------------------------------------------------------------------------------------


def _issue(raw: Mapping[str, Any], histories: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    fields = as_dict(raw.get("fields"))
    status = as_dict(fields.get("status"))
    return {
        "key": as_text(raw.get("key"), 40),
        "summary": as_text(fields.get("summary"), 200),
        "type": as_text(as_dict(fields.get("issuetype")).get("name"), 60),
        "status": as_text(status.get("name"), 80),
        "category": _category(status),
        "priority": as_text(as_dict(fields.get("priority")).get("name"), 40),
        "created": _time(fields.get("created")),
        "resolved": _time(fields.get("resolutiondate")),
        "changes": sorted(_changes(histories), key=lambda change: change["at"]),
    }


def _changes(histories: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    for history in histories:
        at = _time(history.get("created"))
        for item in as_dicts(history.get("items")):
            field = FOLLOWED.get(str(item.get("field")))
            if field is None or at is None:
                continue
            # A sprint is told by its numbers: names come twice.
            was, now = ("from", "to") if field == "sprint" else ("fromString", "toString")
            yield {"at": at, "field": field, "was": as_text(item.get(was), 200), "now": as_text(item.get(now), 200)}


def _category(status: Mapping[str, Any]) -> str:
    """Return `new`, `indeterminate` or `done`; Jira's own category for none is `undefined`."""
    return as_text(as_dict(status.get("statusCategory")).get("key"), 20)


def _time(raw: Any) -> str | None:
    """Return a time of Jira's (ISO 8601 with an offset, or seconds or milliseconds since 1970) in UTC; None for none."""
    try:
        if isinstance(raw, int | float):
            at = datetime.fromtimestamp(raw / 1000 if raw > 1e11 else raw, UTC)
        else:
            at = datetime.fromisoformat(str(raw)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at.isoformat(timespec="seconds")


def _plain(raw: Any) -> str:
    """Return the text of a description or a comment: as it is, or out of Atlassian's document format."""
    if isinstance(raw, str):
        return raw[:TEXT_CHARS]
    if not isinstance(raw, dict):
        return ""
    if raw.get("type") == "text":
        return as_text(raw.get("text"), TEXT_CHARS)
    parts = [_plain(part) for part in as_dicts(raw.get("content"))]
    joint = "" if raw.get("type") in ("paragraph", "heading") else "\n"
    return joint.join(part for part in parts if part)[:TEXT_CHARS]


def _key(given: Mapping[str, Any]) -> str:
    key = quote(str(given["key"]).strip(), safe="")
    if key in ("", ".", ".."):
        raise CallFailed("An issue has a key like ABC-12.")
    return key


# -- the wire ------------------------------------------------------------------------------------------------------


def _asked(
    connection: Connection,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    is_repeatable: bool = True,
) -> Any:
    """Send a request, and again when the server asks to wait; return its JSON. Raises CallFailed with what Jira says."""
    tail = f"?{urlencode(query)}" if query else ""
    answer = send(connection, method, f"{path}{tail}", body=body, is_repeatable=is_repeatable, most_bytes=MOST_BYTES)
    if answer.status >= 300:
        raise CallFailed(_reason(answer))
    try:
        return orjson.loads(answer.body or b"null")
    except orjson.JSONDecodeError as error:
        raise CallFailed("Jira gave no answer that can be read.") from error


def _reason(answer: Fetched) -> str:
    try:
        told = as_dict(orjson.loads(answer.body or b"null"))
    except orjson.JSONDecodeError:
        told = {}
    said = [as_text(each, 300) for each in told.get("errorMessages") or () if isinstance(each, str)]
    said += [as_text(each, 300) for each in as_dict(told.get("errors")).values()]
    return f"Jira answered {answer.status}: {' '.join(filter(None, said))}".rstrip(": ")[:1_000]
