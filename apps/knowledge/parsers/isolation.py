"""Run a parser in a child process that a hostile file cannot grow out of.

One child a document: 600 MB of memory, 20 s of CPU, 30 s by the clock, no network where the kernel lets us, no
environment. Archives are judged by their directory before anything unpacks them.
"""

import base64
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from apps.knowledge.errors import UnreadableDocument
from apps.knowledge.parsers.kinds import ARCHIVES
from apps.knowledge.types import Block, Definition, Element, Import, Outline, Sheet, SourceFile

MEMORY_BYTES = 600 << 20
CPU_S = 20
WALL_S = 30
OUTPUT_BYTES = 64 << 20
MAX_ENTRIES = 5_000
MAX_UNPACKED_BYTES = 200 << 20
MAX_RATIO = 150
_CLONE_NEWUSER, _CLONE_NEWNET, _PR_SET_NO_NEW_PRIVS, _PR_SET_PDEATHSIG = 0x10000000, 0x40000000, 38, 1
_libc = ctypes.CDLL(None, use_errno=True)
_ROOT = Path(__file__).resolve().parents[3]


def parse_file(path: Path, kind: str) -> list[Block]:
    """Return the blocks of a file, scans left out. Raises UnreadableDocument with the reason in words."""
    blocks, _scans = read_file(path, kind)
    if not blocks:
        raise unreadable("no_text")
    return blocks


def read_file(path: Path, kind: str) -> tuple[list[Block], list[int]]:
    """Return the blocks of a file, and which pages are pictures. Raises UnreadableDocument with the reason in words."""
    if kind == "archive":
        raise unreadable("packed")
    answer = _answer(path, kind, "child.py")
    blocks = [Block(b["text"], tuple(b["headings"]), b["page"], b["is_table"]) for b in answer["blocks"]]
    scans = [block.page for block in blocks if block.page and not block.text]
    return [block for block in blocks if block.text.strip()], scans


def read_scan(path: Path, kind: str, number: int, languages: str) -> list[Block]:
    """Return what stands on a page that is a picture, by Tesseract. Raises UnreadableDocument with the reason in words."""
    answer = _answer(path, kind, "scan_child.py", json.dumps({"page": number, "languages": languages}))
    return [Block(text, page=number) for text in answer["paragraphs"]]


def ask_table(path: Path, kind: str, sql: str) -> dict[str, Any]:
    """Return what a SELECT over the tables of a file gives: `columns`, `rows`, `is_cut`; with "" its `tables`, by name.

    `refused` is what SQLite has against the query. Raises UnreadableDocument with the reason in words.
    """
    return _answer(path, kind, "table_child.py", json.dumps({"sql": sql}))


def read_sheets(path: Path, kind: str) -> list[Sheet]:
    """Return the sheets of a CSV or XLSX file as rows of text, at most 50,000 rows together. Raises UnreadableDocument with the reason in words."""
    answer = _answer(path, kind, "sheet_child.py")
    return [Sheet(sheet["name"], tuple(map(tuple, sheet["rows"]))) for sheet in answer["sheets"]]


def read_tree(path: Path, kind: str) -> Element | None:
    """Return the XML of a file: its own, or the one that a PDF carries; None where it carries none. Raises UnreadableDocument with the reason in words."""
    tree = _answer(path, kind, "tree_child.py")["tree"]
    return _element(tree) if tree else None


def _element(raw: list[Any]) -> Element:
    namespace, name, text, attributes, line, children = raw
    return Element(namespace, name, text, attributes, line, tuple(map(_element, children)))


def read_archive(path: Path) -> tuple[list[SourceFile], list[str]]:
    """Return the text files of a ZIP, and the paths of those left out for their size. Raises UnreadableDocument with the reason in words."""
    answer = _answer(path, "archive", "code_child.py")
    return [SourceFile(*each) for each in answer["files"]], answer["left_out"]


def outline_code(files: Sequence[SourceFile]) -> list[Outline]:
    """Return what each file of a language that is read here defines and imports. Raises UnreadableDocument with the reason in words."""
    with tempfile.TemporaryFile() as told:
        told.write(json.dumps([[file.path, file.text] for file in files]).encode())
        told.seek(0)
        answer = _told(_run_child(told, "code_child.py", "code"))
    return [_outline(each) for each in answer["files"]]


def _outline(raw: dict[str, Any]) -> Outline:
    imports = tuple(Import(module, tuple(names)) for module, names in raw.pop("imports"))
    return Outline(imports=imports, definitions=tuple(Definition(**each) for each in raw.pop("definitions")), **raw)


def draw_page(path: Path, number: int, passage: str) -> bytes:
    """Return a page of a PDF (from 1) as PNG, with a passage marked. Raises UnreadableDocument with the reason in words."""
    answer = _answer(path, "pdf", "page_child.py", json.dumps({"page": number, "passage": passage}))
    return base64.b64decode(answer["image"])


def _answer(path: Path, kind: str, script: str, *arguments: str) -> dict[str, Any]:
    if kind in ARCHIVES:
        _judge_archive(path, ARCHIVES[kind])
    with path.open("rb") as source:
        return _told(_run_child(source, script, kind, *arguments))


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise unreadable(answer["error"])
    return answer


def unreadable(code: str) -> UnreadableDocument:
    """Return the error that says in words what a code means."""
    return UnreadableDocument(code, _sentence(code))


def _sentence(code: str) -> str:
    return {
        "encrypted": _("The file is protected by a password. Save it without one and upload it again."),
        "corrupt": _("The file is damaged and could not be opened."),
        "no_text": _("No text was found in the file."),
        "no_engine": _(
            "The file is a scan, and this instance has no engine that reads scans. Ask the operator for Tesseract, or upload a file with text."
        ),
        "too_long": _("The file takes too long to read. Split it into smaller files."),
        "too_large": _("The file needs too much memory to read. Split it into smaller files."),
        "no_page": _("The document has no such page."),
        "packed": _("The file is an archive. Unpack it, and give what is in it."),
        "bomb": _("The file unpacks to far more than a document holds, so it was not opened."),
    }.get(code, _("The file could not be read."))


def _judge_archive(path: Path, main_part: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise unreadable("corrupt") from error
    unpacked = sum(entry.file_size for entry in entries)
    is_bomb = len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES
    is_dense = unpacked > (20 << 20) and unpacked > MAX_RATIO * max(1, path.stat().st_size)
    if is_bomb or is_dense:
        raise unreadable("bomb")
    if main_part and main_part not in {entry.filename for entry in entries}:
        raise unreadable("corrupt")


def _limit() -> None:
    os.setsid()
    for which, value in (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (value, value))
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    # Last: until it becomes another program this process is as large as its parent, and could ask for nothing more.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _run_child(source: IO[bytes], script: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-I", str(_ROOT / "apps/knowledge/parsers" / script), str(_ROOT), *arguments]
    child = subprocess.Popen(
        command,
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=_limit,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"},
    )
    try:
        output, _stderr = child.communicate(timeout=WALL_S)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return {"error": "too_long"}
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return {"error": "too_long"}
    if child.returncode != 0 or len(output) > OUTPUT_BYTES:
        return {"error": "too_large" if child.returncode < 0 or len(output) > OUTPUT_BYTES else "corrupt"}
    try:
        return json.loads(output)
    except ValueError:
        return {"error": "corrupt"}
