"""Repositories on GitHub and GitLab: their files listed at a commit, and read a few at a time.

GitHub is called at `https://api.github.com` (an Enterprise Server at `https://host/api/v3`), GitLab at its own address; both take the token
as a bearer. Nothing is written. Sources: docs.github.com/rest/git/trees, /rest/repos/contents, /rest/commits;
docs.gitlab.com/api/repositories, /api/repository_files, /api/commits.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import orjson
from django.utils.translation import gettext as _

from apps.core.http import Fetched
from apps.integrations.calls import send
from apps.integrations.errors import CallFailed, UnreadableDescription
from apps.integrations.models import Connection, Operation
from apps.integrations.openapi import as_dict, as_dicts, as_text
from apps.integrations.types import Described, Description

MOST_LISTED, A_PAGE = 10_000, 100
MOST_READ, MOST_FILE_BYTES, MOST_TEXT_BYTES = 40, 512 << 10, 2 << 20
LISTING_BYTES = 16 << 20
_RAW = {"Accept": "application/vnd.github.raw+json"}
_TREE, _READ = "/repos/{repository}/git/trees", "/repos/{repository}/contents"
_LISTED, _FILES = "/api/v4/projects/{repository}/repository/tree", "/api/v4/projects/{repository}/repository/files"


def _described(tree: str, files: str) -> tuple[Described, ...]:
    name = {"type": "string", "minLength": 1, "maxLength": 200, "description": "As owner/name."}
    branch = {"type": "string", "maxLength": 200, "description": "A branch, tag or commit; the usual branch if it is left out."}  # fmt: skip
    paths = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 700}, "maxItems": MOST_READ}
    listing = {"type": "object", "properties": {"repository": name, "branch": branch}, "required": ["repository"], "additionalProperties": False}  # fmt: skip
    reading = {"type": "object", "properties": {"repository": name, "branch": branch, "paths": paths}, "required": ["repository", "paths"], "additionalProperties": False}  # fmt: skip
    return (
        Described("list_files", "GET", tree, "List files", "Lists every file of a repository, and the commit at which it does.", listing),
        Described("read_files", "GET", files, "Read files", f"Reads up to {MOST_READ} text files of a repository by their paths; those that are too large or no text are left out.", reading),
    )  # fmt: skip


def read_github(connection: Connection) -> Description:
    """Ask a server whether it is GitHub. Raises UnreadableDescription, CallFailed."""
    told = as_dict(_json(connection, "/meta"))
    if "verifiable_password_authentication" not in told:
        raise UnreadableDescription(
            _("There is no GitHub at this address. Its interface is at https://api.github.com."), field="base_url"
        )
    return Description("GitHub", connection.base_url, _described(_TREE, _READ))


def read_gitlab(connection: Connection) -> Description:
    """Ask a server whether it is GitLab. Raises UnreadableDescription, CallFailed."""
    if not isinstance(_json(connection, "/api/v4/projects?per_page=1&simple=true"), list):
        raise UnreadableDescription(_("There is no GitLab at this address."), field="base_url")
    return Description("GitLab", connection.base_url, _described(_LISTED, _FILES))


def call(operation: Operation, arguments: Mapping[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Do one of the operations above. Raises CallFailed, whose sentence says what the server answered."""
    connection = operation.connection
    return _CALLS[connection.kind, operation.key](connection, dict(arguments))


def _list_github(connection: Connection, given: dict[str, Any]) -> dict[str, Any]:
    root = f"/repos/{_owned(given)}"
    commit = as_dict(_json(connection, f"{root}/commits/{_branch(given)}"))
    sha = as_text(commit.get("sha"), 64)
    tree = as_dict(_json(connection, f"{root}/git/trees/{quote(sha, safe='')}?recursive=1"))
    files = [
        {"path": str(entry.get("path")), "bytes": int(entry.get("size") or 0)}
        for entry in as_dicts(tree.get("tree"))
        if entry.get("type") == "blob"
    ]
    return _listing(sha, files, is_cut=bool(tree.get("truncated")))


def _list_gitlab(connection: Connection, given: dict[str, Any]) -> dict[str, Any]:
    root = _project(given)
    sha = as_text(as_dict(_json(connection, f"{root}/commits/{_branch(given)}")).get("id"), 64)
    files: list[dict[str, Any]] = []
    page = "1"
    while page and len(files) <= MOST_LISTED:
        asked = f"{root}/tree?recursive=true&per_page={A_PAGE}&page={page}&ref={quote(sha, safe='')}"
        answer = _answer(connection, asked)
        files += [{"path": str(e.get("path")), "bytes": None} for e in as_dicts(_parsed(answer)) if e.get("type") == "blob"]  # fmt: skip
        page = answer.headers.get("x-next-page", "")
    return _listing(sha, files, is_cut=bool(page))


def _listing(sha: str, files: list[dict[str, Any]], *, is_cut: bool) -> dict[str, Any]:
    return {"commit": sha, "files": files[:MOST_LISTED], "is_cut": is_cut or len(files) > MOST_LISTED}


def _read_from_github(connection: Connection, given: dict[str, Any]) -> dict[str, Any]:
    branch, root = _branch(given), f"/repos/{_owned(given)}/contents"

    def read(path: str) -> bytes:
        return _answer(connection, f"{root}/{quote(path)}?ref={branch}", headers=_RAW).body

    return _read(given, read)


def _read_from_gitlab(connection: Connection, given: dict[str, Any]) -> dict[str, Any]:
    branch, root = _branch(given), f"{_project(given)}/files"

    def read(path: str) -> bytes:
        return _answer(connection, f"{root}/{quote(path, safe='')}/raw?ref={branch}").body

    return _read(given, read)


def _read(given: dict[str, Any], read: Callable[[str], bytes]) -> dict[str, Any]:
    files, left_out, room = [], [], MOST_TEXT_BYTES
    for path in given["paths"]:
        if {"", ".", ".."} & set(str(path).split("/")):
            raise CallFailed(f"{path} is no path of a file in a repository.")
        data = read(str(path))
        text = _text(data) if len(data) <= min(MOST_FILE_BYTES, room) else None
        if text is None:
            left_out.append(path)
        else:
            room -= len(data)
            files.append({"path": path, "text": text})
    return {"files": files, "left_out": left_out}


def _text(data: bytes) -> str | None:
    try:
        return None if b"\0" in data else data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


_CALLS: dict[tuple[str, str], Callable[[Connection, dict[str, Any]], dict[str, Any]]] = {
    (Connection.Kind.GITHUB, "list_files"): _list_github,
    (Connection.Kind.GITHUB, "read_files"): _read_from_github,
    (Connection.Kind.GITLAB, "list_files"): _list_gitlab,
    (Connection.Kind.GITLAB, "read_files"): _read_from_gitlab,
}


def _owned(given: Mapping[str, Any]) -> str:
    parts = str(given["repository"]).strip().strip("/").split("/")
    if len(parts) != 2 or {"", ".", ".."} & set(parts):
        raise CallFailed("A repository is named as owner/name.")
    return "/".join(quote(part, safe="") for part in parts)


def _project(given: Mapping[str, Any]) -> str:
    name = str(given["repository"]).strip().strip("/")
    if {"", ".", ".."} & set(name.split("/")):
        raise CallFailed("A project is named by its whole path, as group/name.")
    return f"/api/v4/projects/{quote(name, safe='')}/repository"


def _branch(given: Mapping[str, Any]) -> str:
    return quote(str(given.get("branch") or "").strip() or "HEAD", safe="")


def _json(connection: Connection, path: str) -> Any:
    return _parsed(_answer(connection, path))


def _answer(connection: Connection, path: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
    """Ask for something. Raises CallFailed with what the server says."""
    answer = send(connection, "GET", path, headers=headers, most_bytes=LISTING_BYTES)
    if answer.status >= 300:
        said = as_dict(_parsed(answer, default={}))
        reason = as_text(said.get("message") or said.get("error"), 300)
        raise CallFailed(f"{connection.get_kind_display()} answered {answer.status}: {reason}".rstrip(": "))
    return answer


def _parsed(answer: Fetched, default: Any = None) -> Any:
    try:
        return orjson.loads(answer.body or b"null")
    except orjson.JSONDecodeError as error:
        if default is not None:
            return default
        raise CallFailed("The server gave no answer that can be read.") from error
