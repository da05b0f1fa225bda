"""What a repository says of itself: in pyproject.toml, package.json, go.mod, pom.xml, requirements, a Makefile, a Dockerfile, its licence."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import orjson
from defusedxml.ElementTree import fromstring

from apps.agents.blueprints import Typed

MOST_CHARS = 300
_TARGET = re.compile(r"^([A-Za-z][\w-]*):(?!=)[^#\n]*?(?:##\s*(.*))?$", re.MULTILINE)
_REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.-]*)(\[[^\]]*\])?\s*([<>=!~][^;#\s\\]*)?")
_GO_REQUIRE = re.compile(r"^\s*(?:require\s+)?([\w./-]+\.[\w./-]+)\s+(v[\w.+-]+)", re.MULTILINE)
_LICENCES = ("MIT License", "Apache License", "BSD", "GNU AFFERO", "GNU LESSER", "GNU GENERAL PUBLIC", "Mozilla Public License", "ISC License")  # fmt: skip
LICENCE_NAMES = frozenset({"license", "license.txt", "license.md", "licence", "licence.txt", "licence.md", "copying"})
README_NAMES = frozenset({"readme.md", "readme.rst", "readme.txt", "readme"})


class Dependency(Typed):
    """Something that it is built on, with the versions that it takes, where that is written."""

    name: str
    versions: str
    place: str


class Command(Typed):
    """Something that can be run, what is said of it, and where that is written."""

    command: str
    about: str
    place: str


class Said(Typed):
    """Everything that it says of itself; what is said nowhere is empty."""

    name: str = ""
    about: str = ""
    version: str = ""
    needs: str = ""
    licence: str = ""
    readme: str = ""
    installs: list[Command] = []
    commands: list[Command] = []
    dependencies: list[Dependency] = []


def said_in(files: Mapping[str, str]) -> Said:
    """Read what a repository says of itself in files by path; those nearer to the top are believed first, and none that cannot be read."""
    found: dict[str, Any] = {}
    lists: dict[str, list[Any]] = {"installs": [], "commands": [], "dependencies": []}
    for path in sorted(files, key=lambda path: (path.count("/"), _order(path), path)):
        for field, value in _read(path, files[path]):
            if field in lists:
                lists[field].append(value)
            elif value:
                found.setdefault(field, str(value).strip()[:MOST_CHARS])
    once = {(each.name.lower(), each.place): each for each in lists["dependencies"]}
    return Said(**found, installs=_unique(lists["installs"]), commands=_unique(lists["commands"]), dependencies=list(once.values()))  # fmt: skip


def _unique(commands: list[Command]) -> list[Command]:
    return list({each.command: each for each in reversed(commands)}.values())[::-1]


def _order(path: str) -> int:
    name = PurePosixPath(path).name.lower()
    return next((place for place, known in enumerate(_READERS) if name == known), len(_READERS))


def _read(path: str, text: str) -> Iterator[tuple[str, Any]]:
    name = PurePosixPath(path).name.lower()
    reader = _READERS.get(name)
    if name.startswith("requirements") and name.endswith((".txt", ".in")):
        reader = _requirements
    if name in LICENCE_NAMES:
        reader = _licence
    if name in README_NAMES:
        reader = _readme
    try:
        yield from list(reader(path, text)) if reader is not None else []
    except (ValueError, TypeError, AttributeError, KeyError, SyntaxError):
        return


def _pyproject(path: str, text: str) -> Iterator[tuple[str, Any]]:
    told = tomllib.loads(text)
    project, poetry = told.get("project", {}), told.get("tool", {}).get("poetry", {})
    about = {**poetry, **project}
    yield from (("name", about.get("name")), ("about", about.get("description")), ("version", about.get("version")))
    if project.get("requires-python"):
        yield "needs", f"Python {project['requires-python']}"
    licence = about.get("license")
    yield "licence", licence.get("text", "") if isinstance(licence, dict) else licence
    if about.get("name") and "build-system" in told:
        yield "installs", Command(command="pip install .", about="", place=path)
    for name in {**poetry.get("scripts", {}), **project.get("scripts", {})}:
        yield "commands", Command(command=name, about="", place=path)
    yield from _requirements(path, "\n".join(project.get("dependencies", [])))


def _requirements(path: str, text: str) -> Iterator[tuple[str, Any]]:
    if path.endswith((".txt", ".in")):
        yield "installs", Command(command=f"pip install -r {path}", about="", place=path)
    for line in text.split("\n"):
        match = _REQUIREMENT.match(line.strip())
        if match is not None:
            yield "dependencies", Dependency(name=match[1], versions=match[3] or "", place=path)


def _package(path: str, text: str) -> Iterator[tuple[str, Any]]:
    told = orjson.loads(text)
    yield from ((field, told.get(key)) for field, key in (("name", "name"), ("about", "description"), ("version", "version"), ("licence", "license")))  # fmt: skip
    if (told.get("engines") or {}).get("node"):
        yield "needs", f"Node.js {told['engines']['node']}"
    yield "installs", Command(command="npm install", about="", place=path)
    for name, what in (told.get("scripts") or {}).items():
        yield "commands", Command(command=f"npm run {name}", about=str(what)[:MOST_CHARS], place=path)
    for name, versions in (told.get("dependencies") or {}).items():
        yield "dependencies", Dependency(name=name, versions=str(versions), place=path)


def _go(path: str, text: str) -> Iterator[tuple[str, Any]]:
    module = re.search(r"^module\s+(\S+)", text, re.MULTILINE)
    version = re.search(r"^go\s+(\S+)", text, re.MULTILINE)
    yield "name", module[1] if module else ""
    yield "needs", f"Go {version[1]}" if version else ""
    yield "installs", Command(command="go build ./...", about="", place=path)
    for match in _GO_REQUIRE.finditer(text):
        yield "dependencies", Dependency(name=match[1], versions=match[2], place=path)


def _maven(path: str, text: str) -> Iterator[tuple[str, Any]]:
    root = fromstring(text)
    own = {child.tag.rpartition("}")[2]: child for child in root}
    for field, key in (("name", "artifactId"), ("about", "description"), ("version", "version")):
        yield field, (own[key].text or "") if key in own else ""
    yield "installs", Command(command="mvn package", about="", place=path)
    for element in own.get("dependencies", ()):
        parts = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
        name = f"{parts.get('groupId', '')}:{parts.get('artifactId', '')}"
        yield "dependencies", Dependency(name=name, versions=parts.get("version", ""), place=path)


def _makefile(path: str, text: str) -> Iterator[tuple[str, Any]]:
    phony = " ".join(re.findall(r"^\.PHONY:\s*(.*)$", text, re.MULTILINE)).split()
    for match in _TARGET.finditer(text):
        if match[2] or match[1] in phony:
            yield (
                "commands",
                Command(command=f"make {match[1]}", about=(match[2] or "").strip()[:MOST_CHARS], place=path),
            )


def _dockerfile(path: str, text: str) -> Iterator[tuple[str, Any]]:
    folder = str(PurePosixPath(path).parent)
    yield "commands", Command(command=f"docker build {'.' if folder == '.' else f'-f {path} .'}", about="", place=path)


def _licence(path: str, text: str) -> Iterator[tuple[str, Any]]:
    head = text[:2_000]
    known = next((name for name in _LICENCES if name.lower() in head.lower()), "")
    yield "licence", known or next((line for line in head.split("\n") if line.strip()), "")


def _readme(path: str, text: str) -> Iterator[tuple[str, Any]]:
    """The first paragraph of prose: no heading, no badge, no picture."""
    for part in re.split(r"\n\s*\n", text):
        words = " ".join(part.split())
        is_prose = (
            words
            and not re.match(r"[#=\-*<|`!\[>.]", words)
            and not re.search(r"\n[=\-~]{3,}\s*$", f"{part}\n".rstrip())
        )
        if is_prose and len(words) > 30:
            yield "readme", words
            return


_READERS: dict[str, Callable[[str, str], Iterator[tuple[str, Any]]]] = {
    "pyproject.toml": _pyproject,
    "package.json": _package,
    "go.mod": _go,
    "pom.xml": _maven,
    "makefile": _makefile,
    "dockerfile": _dockerfile,
}
WANTED = frozenset({*_READERS, *LICENCE_NAMES, *README_NAMES, "requirements.txt", "requirements.in"})
"""Names of files, in small letters, that are read wherever they lie."""
