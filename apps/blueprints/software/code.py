"""The files of a repository as steps get them: out of an archive, or from GitHub or GitLab through a tool of the agent's."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import PurePosixPath

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, StepFailed, Typed
from apps.blueprints.sites import asked, site_of
from apps.knowledge.errors import UnreadableDocument
from apps.knowledge.parsers import CODE_SUFFIXES, outline_code
from apps.knowledge.parsers.formats.brought import BROUGHT
from apps.knowledge.types import SourceFile
from apps.prompts.types import Variable

LIST, READ = "_list_files", "_read_files"
MOST_FETCHED, A_CALL, MOST_FILE_BYTES, MOST_CHARS = 1_500, 40, 512 << 10, 6_000_000
_TESTS = frozenset({"test", "tests", "testing", "spec", "specs", "__tests__", "fixtures", "examples", "docs"})
ASKS = (
    Variable("archive", "file", help=gettext_lazy("The repository as ZIP, as GitHub and GitLab offer it."), is_required=False, label=gettext_lazy("ZIP of the repository")),
    Variable("repository", help=gettext_lazy("Instead of an archive: owner/name on GitHub or GitLab."), is_required=False, label=gettext_lazy("Repository")),
    Variable("branch", help=gettext_lazy("A branch, tag or commit; empty for the usual branch."), is_required=False, label=gettext_lazy("Branch")),
    Variable("folder", help=gettext_lazy("Only this folder, as src/shop."), is_required=False, label=gettext_lazy("Folder")),
    Variable("site", help=gettext_lazy("Which connection, where the agent has several."), is_required=False, label=gettext_lazy("Connection")),
)  # fmt: skip


class Use(Typed):
    """An import: the module as it is written there, and the names taken from it."""

    module: str
    names: list[str]


class Definition(Typed):
    """A class or function: its name with those around it, the text of its head, what is written of it, its lines from 1."""

    name: str
    kind: str
    signature: str
    doc: str
    line: int
    end: int
    is_public: bool


class Module(Typed):
    """A file of code, by its syntax; `has_faults`: not all of it could be read."""

    path: str
    language: str
    doc: str
    lines: int
    has_faults: bool
    imports: list[Use]
    definitions: list[Definition]


class Repository(Typed):
    """The text files of a repository, those of the folder that was asked for. `left_out` are paths that were too large or too many."""

    name: str
    commit: str
    files: list[tuple[str, str]]
    left_out: list[str]


def repository_of(
    desk: Desk, *, wanted: frozenset[str] = frozenset(), suffixes: frozenset[str] = CODE_SUFFIXES
) -> Repository:
    """Return the files that are code by their suffix, or `wanted` by their name wherever they lie. Raises StepFailed with what can be done."""
    if desk.values.get("archive"):
        found = _unpacked(desk)
    elif desk.values.get("repository", "").strip():
        found = _fetched(desk, wanted, suffixes)
    else:
        raise StepFailed(_("Give the repository as ZIP, or name one on GitHub or GitLab."))
    folder = desk.values.get("folder", "").strip().strip("/")
    inside = [file for file in found.files if is_wanted(file[0], folder, wanted, suffixes)]
    kept, left_out = _bounded(inside)
    if not any(PurePosixPath(path).suffix in suffixes for path, _text in kept):
        raise StepFailed(
            _("There is no code in it of a language that is read here: Python, JavaScript, TypeScript, Java or Go.")
        )
    return found.model_copy(update={"files": kept, "left_out": [*found.left_out, *left_out]})


def modules_of(files: Sequence[tuple[str, str]]) -> list[Module]:
    """Return what each file of code defines and imports; nothing of it is run. Raises StepFailed."""
    try:
        return [Module.model_validate(asdict(each)) for each in outline_code([SourceFile(*file) for file in files])]
    except UnreadableDocument as error:
        raise StepFailed(error.sentence) from error


def is_wanted(path: str, folder: str, wanted: frozenset[str], suffixes: frozenset[str]) -> bool:
    """Say whether a file is looked at: code in the folder, and by their names those that say what all of it is."""
    way = PurePosixPath(path)
    if BROUGHT & set(way.parts):
        return False
    is_inside = not folder or path.startswith(f"{folder}/")
    return (way.suffix.lower() in suffixes and is_inside) or way.name.lower() in wanted


def is_test(path: str) -> bool:
    """Say whether a file is a test, or an example, by where it lies and what it is called."""
    way = PurePosixPath(path.lower())
    stem = way.name.partition(".")[0]
    return (
        bool(_TESTS & set(way.parts[:-1]))
        or stem.startswith("test_")
        or stem.endswith(("_test", "test"))
        or ".test." in way.name
        or ".spec." in way.name
        or stem in ("conftest", "setup", "noxfile")
    )


def _unpacked(desk: Desk) -> Repository:
    files, left_out = desk.archive("archive")
    name = desk.name_of("archive").removesuffix(".zip")
    return Repository(name=name, commit="", files=[(file.path, file.text) for file in files], left_out=list(left_out))


def _fetched(desk: Desk, wanted: frozenset[str], suffixes: frozenset[str]) -> Repository:
    missing = _(
        "This agent has no GitHub or GitLab. Connect one, choose “List files” and “Read files” there, and give them to the agent."
    )
    site, name = site_of(desk, LIST, missing), desk.values["repository"].strip()
    folder = desk.values.get("folder", "").strip().strip("/")
    listed = asked(desk, "list", site + LIST, repository=name, branch=desk.values.get("branch", "").strip())
    rows = [row for row in listed["files"] if is_wanted(str(row["path"]), folder, wanted, suffixes)]
    small = [str(row["path"]) for row in rows if (row["bytes"] or 0) <= MOST_FILE_BYTES]
    left_out = [str(row["path"]) for row in rows if (row["bytes"] or 0) > MOST_FILE_BYTES] + small[MOST_FETCHED:]
    files: list[tuple[str, str]] = []
    for number, start in enumerate(range(0, len(small[:MOST_FETCHED]), A_CALL)):
        paths = small[start : min(start + A_CALL, MOST_FETCHED)]
        told = asked(desk, f"read-{number}", site + READ, repository=name, branch=listed["commit"], paths=paths)
        files += [(str(file["path"]), str(file["text"])) for file in told["files"]]
        left_out += [str(path) for path in told["left_out"]]
    return Repository(name=name, commit=str(listed["commit"]), files=files, left_out=left_out)


def _bounded(files: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return as many files as are looked at together, and the paths of the others."""
    kept, left_out, room = [], [], MOST_CHARS
    for path, text in sorted(files):
        if len(text) <= room:
            room -= len(text)
            kept.append((path, text))
        else:
            left_out.append(path)
    return kept, left_out
