"""What Jira, GitHub and GitLab send when something happens: whether it is genuine, and what it says. No request is made here.

Sources: Atlassian's "Webhooks" (Jira platform), GitHub's "Validating webhook deliveries", GitLab's "Webhooks".
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from apps.core.language import one_line
from apps.integrations.models import Connection
from apps.integrations.openapi import as_dict, as_dicts, as_text
from apps.integrations.types import Told

ISSUE_CHANGED, CODE_PUSHED = "issue.changed", "code.pushed"
SIGNED = {
    Connection.Kind.JIRA: "x-hub-signature",
    Connection.Kind.GITHUB: "x-hub-signature-256",
}
"""The header in which a service puts `sha256=` and the HMAC-SHA256 of the body under the secret."""
TOKEN = "x-gitlab-token"  # noqa: S105  the header in which GitLab sends the secret itself
IDS = ("x-atlassian-webhook-identifier", "x-github-delivery", "x-gitlab-event-uuid")


def is_genuine(kind: str, secret: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> bool:
    """Say whether a message knows the secret: signed with it, or (GitLab, Jira Data Center) sending it along.

    `headers` have names in lower case. Jira Data Center signs nothing, so that its address carries `?secret=`.
    """
    signature = headers.get(SIGNED.get(kind, ""), "")  # type: ignore[call-overload]
    if signature:
        wanted = "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()
        return _same(signature, wanted)
    if kind == Connection.Kind.GITLAB:
        return _same(headers.get(TOKEN, ""), secret)
    return kind == Connection.Kind.JIRA and _same(query.get("secret", ""), secret)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def read(kind: str, headers: Mapping[str, str], body: bytes) -> Told | None:
    """Return what a message tells, or None for what nothing here waits for. Raises ValueError for what is no JSON object."""
    message = orjson.loads(body)
    if not isinstance(message, dict):
        raise ValueError("not an object")  # noqa: TRY004  the caller asks for a value that fits
    told = READERS[kind](message) if kind in READERS else None
    if told is None:
        return None
    key = next((headers[name] for name in IDS if headers.get(name)), "") or hashlib.sha256(body).hexdigest()
    return Told(told[0], one_line(key, 80), {name: one_line(value, 300) for name, value in told[1].items()})


def _jira(message: dict[str, Any]) -> tuple[str, dict[str, str]] | None:
    issue, fields = as_dict(message.get("issue")), as_dict(as_dict(message.get("issue")).get("fields"))
    happened = as_text(message.get("webhookEvent"), 60).removeprefix("jira:")
    if not happened.startswith("issue_") or not as_text(issue.get("key"), 80):
        return None
    changes = as_dicts(as_dict(message.get("changelog")).get("items"))
    return ISSUE_CHANGED, {
        "issue": as_text(issue.get("key"), 80),
        "summary": as_text(fields.get("summary"), 300),
        "status": as_text(as_dict(fields.get("status")).get("name"), 80),
        "change": ", ".join(map(_change, changes)) or happened.replace("_", " "),
        "by": as_text(as_dict(message.get("user")).get("displayName"), 80),
    }


def _change(item: Mapping[str, Any]) -> str:
    before, after = as_text(item.get("fromString"), 60), as_text(item.get("toString"), 60)
    return f"{as_text(item.get('field'), 40)}: {before or '–'} → {after or '–'}"


def _github(message: dict[str, Any]) -> tuple[str, dict[str, str]] | None:
    reference = as_text(message.get("ref"), 200)
    if not reference.startswith("refs/heads/") or message.get("deleted"):
        return None
    return CODE_PUSHED, {
        "repository": as_text(as_dict(message.get("repository")).get("full_name"), 200),
        "branch": reference.removeprefix("refs/heads/"),
        "commits": _titles(message),
        "by": as_text(as_dict(message.get("pusher")).get("name"), 80),
    }


def _gitlab(message: dict[str, Any]) -> tuple[str, dict[str, str]] | None:
    reference = as_text(message.get("ref"), 200)
    is_deleted = not as_text(message.get("after"), 64).strip("0")  # GitLab writes zeros for a branch that is gone
    if message.get("object_kind") != "push" or not reference.startswith("refs/heads/") or is_deleted:
        return None
    return CODE_PUSHED, {
        "repository": as_text(as_dict(message.get("project")).get("path_with_namespace"), 200),
        "branch": reference.removeprefix("refs/heads/"),
        "commits": _titles(message),
        "by": as_text(message.get("user_name"), 80),
    }


def _titles(message: Mapping[str, Any]) -> str:
    said = [commit.get("message") for commit in as_dicts(message.get("commits"))]
    titles = [as_text(text.partition("\n")[0], 200) for text in said if isinstance(text, str)]
    return "; ".join(title for title in titles if title)


READERS: Mapping[str, Callable[[dict[str, Any]], tuple[str, dict[str, str]] | None]] = {
    Connection.Kind.JIRA: _jira,
    Connection.Kind.GITHUB: _github,
    Connection.Kind.GITLAB: _gitlab,
}
