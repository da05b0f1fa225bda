"""Folders of Git repositories, by the REST interfaces of GitHub and GitLab: a listing with digests, and one file at a time.

Sources: https://docs.github.com/rest/git/trees, https://docs.github.com/rest/repos/contents,
https://docs.gitlab.com/api/repositories, https://docs.gitlab.com/api/repository_files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import orjson
from django.utils.translation import gettext as _

from apps.knowledge.parsers.kinds import OF_FOLDERS
from apps.knowledge.places.base import LISTING_BYTES, MOST_ITEMS, Fetched, Item, PlaceFailed, ask

GITHUB, GITLAB = "https://api.github.com", "https://gitlab.com"
PAGE = 100


@dataclass(frozen=True)
class Repository:
    """A repository (`owner/name`) at an address, its branch (empty: the usual one), a folder in it (empty: all), and a token."""

    address: str
    name: str
    branch: str
    folder: str
    token: str

    @property
    def root(self) -> str:
        return self.address.rstrip("/")

    def named(self, path: str) -> str:
        """Return what a file is called as a document: its repository and its way there."""
        return f"{self.name}/{path}"[-240:]

    def holds(self, path: str) -> bool:
        """Say whether a file lies in the folder and is of a kind that can be read."""
        folder = self.folder.strip("/")
        is_inside = not folder or path.startswith(f"{folder}/")
        return is_inside and PurePosixPath(path).suffix.lower() in OF_FOLDERS and len(path) <= 700


class GitHub:
    """A repository on GitHub, or on a GitHub Enterprise Server at `https://host/api/v3`."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if repository.token:
            self.headers["Authorization"] = f"Bearer {repository.token}"

    def items(self) -> Iterator[Item]:
        at = self.repository
        branch = at.branch or str(_json(f"{self._own}", self.headers).get("default_branch", ""))
        tree = _json(f"{self._own}/git/trees/{quote(branch, safe='')}?recursive=1", self.headers)
        if tree.get("truncated"):
            raise PlaceFailed(_("The repository is too large to be listed. Choose a smaller one."))
        for entry in tree.get("tree", []):
            if entry.get("type") == "blob" and at.holds(str(entry.get("path", ""))):
                yield Item(entry["path"], str(entry.get("sha", ""))[:200])

    def fetch(self, item: Item) -> Fetched:
        at = self.repository
        reference = f"?ref={quote(at.branch, safe='')}" if at.branch else ""
        url = f"{self._own}/contents/{quote(item.key)}{reference}"
        answer = ask(url, headers=self.headers | {"Accept": "application/vnd.github.raw+json"})
        return Fetched(at.named(item.key), answer.body, item.mark)

    @property
    def _own(self) -> str:
        return f"{self.repository.root}/repos/{quote(self.repository.name)}"


class GitLab:
    """A project on GitLab, the public one or an own one; `name` is its whole path."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.headers = {"PRIVATE-TOKEN": repository.token} if repository.token else {}

    def items(self) -> Iterator[Item]:
        at, page = self.repository, "1"
        branch = f"&ref={quote(at.branch, safe='')}" if at.branch else ""
        folder = f"&path={quote(at.folder.strip('/'))}" if at.folder.strip("/") else ""
        seen = 0
        while page and seen <= MOST_ITEMS:
            url = f"{self._own}/tree?recursive=true&per_page={PAGE}&page={page}{branch}{folder}"
            answer = ask(url, headers=self.headers, most_bytes=LISTING_BYTES)
            for entry in _list(answer.body):
                if entry.get("type") == "blob" and at.holds(str(entry.get("path", ""))):
                    seen += 1
                    yield Item(entry["path"], str(entry.get("id", ""))[:200])
            page = answer.headers.get("x-next-page", "")

    def fetch(self, item: Item) -> Fetched:
        at = self.repository
        reference = f"?ref={quote(at.branch, safe='')}" if at.branch else ""
        answer = ask(f"{self._own}/files/{quote(item.key, safe='')}/raw{reference}", headers=self.headers)
        return Fetched(at.named(item.key), answer.body, item.mark)

    @property
    def _own(self) -> str:
        return f"{self.repository.root}/api/v4/projects/{quote(self.repository.name, safe='')}/repository"


def _json(url: str, headers: dict[str, str]) -> dict[str, Any]:
    found = _parsed(ask(url, headers=headers, most_bytes=LISTING_BYTES).body)
    if not isinstance(found, dict):
        raise PlaceFailed(_("It answers with something else than a repository."))
    return found


def _list(body: bytes) -> list[dict[str, Any]]:
    found = _parsed(body)
    if not isinstance(found, list):
        raise PlaceFailed(_("It answers with something else than a repository."))
    return [entry for entry in found if isinstance(entry, dict)]


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise PlaceFailed(_("It answers with something else than a repository.")) from error
